"""A model as a project of the SDK that somebody already uses: the same sources as in our own firmware, that SDK's build
files and its chip functions around them."""

from __future__ import annotations

from toolchain.export.drive import SdkProject
from toolchain.export.project import Exported, check_target, export_project
from toolchain.export.sdk import Sdk, list_sdks, load_sdk

__all__ = ["Exported", "Sdk", "SdkProject", "check_target", "export_project", "list_sdks", "load_sdk"]
