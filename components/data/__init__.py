"""Services of data: event streaming, batch processing, databases, pipelines."""
