"""What a team gets of a cluster it shares with others."""
