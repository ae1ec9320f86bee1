"""The record of an on-site examination on one sheet of A4, in Chinese, made from the entry alone."""
