"""Write the journey map to Notion as a document with two authors."""
