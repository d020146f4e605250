"""The manual of the command line: one description of all commands, printed as help, man page and docs/cli.md.

Reading order; each imports only those above it:

    examples   command lines, by command
    facts      statuses, variables and files
    entries    the commands, as click knows them
    roff       the man page
    markdown   docs/cli.md
    shells     completion
"""
