"""What a causal graph is made from, drawn as, and says about independence."""
