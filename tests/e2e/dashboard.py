"""The Phones dashboard, as a user adds it."""

from .client import Client

DASHBOARD = "pbx-phones"
CONFIG = {"strategy": {"type": "custom:pbx"}}


async def save_dashboard(client: Client) -> None:
    """Add the dashboard unless it is there, and let Home Assistant open on it."""
    listed = await client.command("lovelace/dashboards/list")
    if all(dashboard["url_path"] != DASHBOARD for dashboard in listed):
        await client.command(
            "lovelace/dashboards/create", url_path=DASHBOARD, title="Phones", icon="mdi:phone", mode="storage"
        )
    await client.command("lovelace/config/save", url_path=DASHBOARD, config=CONFIG)
    await client.command("frontend/set_system_data", key="core", value={"default_panel": DASHBOARD})
