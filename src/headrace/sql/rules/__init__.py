"""One module per rule: how an operator's change follows from the changes of its inputs.

Each module holds ``change(node, emitter) -> Change`` for the operators it maintains; ``emitter`` collects steps and states.
"""
