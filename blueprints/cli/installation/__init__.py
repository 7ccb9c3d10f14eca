"""Commands for the installation as a whole: check, backup and restore, and the schema of its databases."""
