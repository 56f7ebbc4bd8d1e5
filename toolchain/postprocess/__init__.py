"""Post-processing: scores to decisions. Device and host run the same C (firmware_templates/postprocess)."""

from toolchain.postprocess.postprocessor import Decision, Postprocessor
from toolchain.postprocess.settings import PostprocessingSettings

__all__ = ["Decision", "PostprocessingSettings", "Postprocessor"]
