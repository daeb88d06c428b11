"""Documents of many formats as plain text with Markdown headings, which the structure of a text is read from."""
