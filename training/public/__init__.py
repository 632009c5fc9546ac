"""Public ionic-conductivity tables: pulled by hash, converted to our rows, merged with the shipped literature."""
