"""Home Assistant Cloud as the integration sees it; the real one cannot be imported in a bare environment."""

from collections.abc import Awaitable, Callable
from types import ModuleType

from homeassistant.core import HomeAssistant

CLOUDHOOK = "https://hooks.example.com/"


class FakeCloud(ModuleType):
    """What `homeassistant.components.cloud` offers, with a person who is signed in."""

    def __init__(self) -> None:
        """Know no hook yet."""
        super().__init__("homeassistant.components.cloud")
        self.active = True
        self.fails: Exception | None = None
        self.hooks: dict[str, str] = {}
        self.listeners: list[Callable[[object], Awaitable[None]]] = []

    def async_active_subscription(self, _hass: HomeAssistant) -> bool:
        """Tell whether somebody is signed in and pays."""
        return self.active

    async def async_get_or_create_cloudhook(self, _hass: HomeAssistant, webhook_id: str) -> str:
        """Give a webhook's address."""
        if self.fails is not None:
            raise self.fails
        return self.hooks.setdefault(webhook_id, f"{CLOUDHOOK}{len(self.hooks)}")

    async def async_delete_cloudhook(self, _hass: HomeAssistant, webhook_id: str) -> None:
        """Forget a webhook's address."""
        if self.fails is not None:
            raise self.fails
        del self.hooks[webhook_id]

    def async_listen_connection_change(
        self, _hass: HomeAssistant, listener: Callable[[object], Awaitable[None]]
    ) -> Callable[[], None]:
        """Tell when the cloud is reached, or no longer."""
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)

    async def async_connect(self) -> None:
        """Reach the cloud (again)."""
        self.fails = None
        for listener in list(self.listeners):
            await listener("cloud_connected")
