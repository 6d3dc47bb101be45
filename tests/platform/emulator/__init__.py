"""The AWS emulator of the local platform: MiniStack, unchanged, plus what it lacks. See README.md."""
