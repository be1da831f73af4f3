"""Facts of the outside world beside their source and date: shapes, regions, versions, latencies, prices."""
