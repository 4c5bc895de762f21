"""The architect for MCP clients, over standard input and output: tools, resources and prompts.

It stands above the other doors of `headrace.serve`, which know no architect, and below the command line.
"""
