"""How much an agent has to do, as the others see it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Load:
    """An agent that lives has so many profiles, of which some fail; `age` in seconds."""

    profiles: int
    failing: int
    age: float

    @property
    def well(self) -> bool:
        """Whether most of what it has goes well, if it has anything."""
        return self.failing * 2 <= self.profiles
