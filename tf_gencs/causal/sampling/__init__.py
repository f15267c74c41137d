"""What a controller answers: samples under `do` and `given`, and counterfactuals."""
