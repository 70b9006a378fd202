"""What happens when the simulated board gets power: boot.py, then main.py."""

import boot  # noqa: F401
import main  # noqa: F401
