"""Steps that several DAGs begin with."""
