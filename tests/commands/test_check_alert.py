"""`check --alert`: a test message through each channel, and what came of it (H2)."""

import json

import pytest

from tests.commands.conftest import Run
from tests.commands.telling import sqlite
from tests.support.postbox import mail_server, web
from tests.support.world import World


@sqlite
def test_h2_check_alert_sends_a_test_message_through_each_channel(run: Run, world: World) -> None:
    with web() as hook, mail_server() as post:
        world.settings(
            alerts=f'webhooks = ["http://127.0.0.1:{hook.port}/t0ken"]\nmail = ["it@example.com"]\n'
            f'heartbeat_url = "http://127.0.0.1:{hook.port}/alive"',
            **{
                "alerts.smtp": f'host = "127.0.0.1"\nport = {post.port}\ntls = "none"\n'
                'sender = "calsync@example.com"'
            },
        )
        said = run("check", "--alert", "--json", "--config", world.folder / "agent.toml")
    assert said.status == 0
    steps = json.loads(said.out)["steps"]
    assert [(one["name"], one["ok"]) for one in steps] == [
        ("settings", True),
        ("alerts", True),
        ("alerts", True),
        ("alerts", True),
    ]
    assert [one["kind"] for one in hook.posts] == ["test"]
    assert hook.gets == ["/alive"]
    assert len(post.mails) == 1
    assert "t0ken" not in said.out + said.err


@sqlite
@pytest.mark.parametrize("trouble", ["refused", "away", "nobody", "mail refused"])
def test_h2_check_alert_says_what_did_not_get_through(trouble: str, run: Run, world: World) -> None:
    with web() as hook, mail_server() as post:
        hook.status = 403
        post.status = 550
        smtp = f'host = "127.0.0.1"\nport = {post.port}\ntls = "none"\nsender = "a@example.com"'
        alerts = {
            "refused": f'webhooks = ["http://127.0.0.1:{hook.port}/t0ken"]',
            "away": 'webhooks = ["http://127.0.0.1:9/t0ken"]\ncommand = "/nowhere/page"',
            "nobody": "",
            "mail refused": 'mail = ["it@example.com"]',
        }[trouble]
        world.settings(alerts=alerts, **{"alerts.smtp": smtp})
        said = run("check", "--alert", "--config", world.folder / "agent.toml")
    assert said.status == 1
    assert len(said.problems) == (2 if trouble == "away" else 1)
    told = {"refused": "403", "away": "page", "nobody": "[alerts]", "mail refused": "550"}
    assert told[trouble] in said.err
    assert "t0ken" not in said.out + said.err
