"""Runs a stack's program in process, without an engine, and keeps what it asked for."""

from operations.recorder.monitor import Options
from operations.recorder.recording import Recording, RecordingError, record, record_program

__all__ = ["Options", "Recording", "RecordingError", "record", "record_program"]
