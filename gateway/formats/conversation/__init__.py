"""Parts of conversations in all foreign formats: content, branches, calls of tools."""
