"""Pages, pictures and tables that a person reads: HTML blocks, figures, files, the terminal."""
