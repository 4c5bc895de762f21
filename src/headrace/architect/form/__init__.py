"""The requirements as a form: its fields are those of the classes that read a file, and a file is what it makes."""
