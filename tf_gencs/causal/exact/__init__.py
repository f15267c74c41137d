"""Tables of probabilities, and exact answers by summing over them."""
