"""Field cases: small books with the outcome that an expert planner expects, taken through the product from files to orders."""
