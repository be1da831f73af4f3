"""AWS side of the twin: types in a table, carried out by boto3 on moto or, where that lacks it, in memory."""
