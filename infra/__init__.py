"""Ground floor: facts, rules and models. No Pulumi resource is created here."""
