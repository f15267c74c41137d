"""d-separation: which independences follow from a graph alone."""


def separated(parents, some, others, given):
    """Whether all paths between two sets of nodes are blocked.

    Args:
        parents: dict from every node to its parents; a noise that two nodes share is a
            parent of both.
        some, others, given: disjoint sets of nodes.

    Source: Lauritzen, Dawid, Larsen and Leimer, "Independence properties of directed
    Markov fields", Networks 1990: a path that is not blocked is one in the moral graph
    of the ancestors that avoids `given`.
    """
    kept, ahead = set(), [*some, *others, *given]
    while ahead:
        node = ahead.pop()
        if node not in kept:
            kept.add(node)
            ahead += parents[node]
    neighbours = {node: set() for node in kept}
    for node in kept:
        family = [node, *parents[node]]
        for one in family:
            neighbours[one].update(other for other in family if other != one)
    reached, ahead = set(), list(some)
    while ahead:
        node = ahead.pop()
        if node not in reached and node not in given:
            reached.add(node)
            ahead += neighbours[node]
    return not reached & set(others)
