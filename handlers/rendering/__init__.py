"""The sources of the fields of documents, and their rendering."""
