"""Who may do what: people and their roles, passwords, sessions, tokens, and the audit trail."""
