# SPDX-FileCopyrightText: The Busbar authors
# SPDX-License-Identifier: Apache-2.0
"""One request for each line of matrix.txt, and with which status it is answered to those whom it lets in.

`{zone}` and such stand for ids of world.py; {self} for the caller's own id, {count} for another number each time.
"""
from authorisation.world import BUSBAR, ENGINE, HERE

# How a path's parameters are filled, by the first words of the path that fit.
PARAMETERS = [
    (ENGINE + "/systems", {"id": "{system}", "module_id": "{module}", "slug": "Echo", "key": "none", "method": "echo",
                           "trig_id": "{instance}"}),
    (ENGINE + "/triggers", {"id": "{trigger}"}),
    (ENGINE + "/modules/:id/st", {"id": "{idle_module}", "key": "none"}),
    (ENGINE + "/modules", {"id": "{module}", "method": "echo", "key": "none"}),
    (ENGINE + "/drivers", {"id": "{idle_driver}"}),
    (ENGINE + "/zones", {"id": "{zone}", "slug": "Echo", "method": "echo"}),
    (ENGINE + "/settings", {"id": "{settings}"}),
    (ENGINE + "/metadata/:name", {"name": "menu"}),
    (ENGINE + "/metadata", {"parent": "{zone}"}),
    (ENGINE + "/schema", {"id": "{schema}"}),
    (ENGINE + "/domains", {"id": "{domain}"}),
    (ENGINE + "/users", {"id": "{user}"}),
    (ENGINE + "/api_keys", {"id": "{victim_key}"}),
    (ENGINE + "/oauth_apps", {"id": "{app}"}),
    (ENGINE + "/groups", {"id": "{group}"}),
    (ENGINE + "/group_users", {"user": "{member}", "group": "{group}"}),
    (ENGINE + "/group_zones", {"group": "{group}", "zone": "{zone}"}),
    (ENGINE + "/group_invitations", {"id": "{invitation}"}),
    (BUSBAR + "/oauth_apps", {"id": "{app}"}),
    (BUSBAR + "/modules/:id/kill", {"id": "{idle_module}"}),
    (BUSBAR + "/trigger_instances", {"id": "{instance}"}),
    (BUSBAR + "/triggers", {"id": "{trigger}"}),
    (BUSBAR + "/webhook_deliveries", {"id": "none"}),
    (ENGINE + "/webhook", {"id": "{instance}", "secret": "none", "mod": "Echo", "index": "1", "method": "echo",
                           "binary": "true"}),
    (BUSBAR, {"id": "{module}"}),
]

CALL = {"value": 1}
MENU = {"name": "menu", "details": {}}
STARTING = (200, 503)  # a module may have been told to start just now


class Sample:
    """`query` follows the path; `at` replaces parameters of the path; `before` is done first by an admin."""

    def __init__(self, query="", body=None, status=None, at=None, before=None):
        self.query, self.body, self.status, self.at, self.before = query, body, status, at or {}, before


def refused_for_content(**body):
    return Sample(body=body, status=422)


SAMPLES = {
    "POST /systems": refused_for_content(name="", zones=["{zone}"]),
    "POST /systems @nowhere": refused_for_content(name=""),
    "GET /systems/with_emails": Sample(f"?in=room@{HERE}"),
    "PUT /systems/:id": Sample("?version=-1", {}, 409),
    "PATCH /systems/:id": Sample("?version=-1", {}, 409),
    "POST /systems/:id/start": Sample(body={}),
    "POST /systems/:id/stop": Sample(body={}),
    "GET /systems/control": Sample(status=101),
    "POST /systems/:id/:slug/:method": Sample(body=CALL, status=STARTING),
    "GET /systems/:id/functions/:slug @hidden": Sample(at={"slug": "_Hidden"}),
    "GET /systems/:id/:slug @hidden": Sample(at={"slug": "_Hidden"}),
    "GET /systems/:id/:slug/:key @hidden": Sample(at={"slug": "_Hidden"}),
    "POST /systems/:id/:slug/:method @hidden": Sample(body=CALL, at={"slug": "_Hidden"}, status=STARTING),
    "GET /api/busbar/v1/events @logs": Sample("?kinds=log"),
    "GET /api/busbar/v1/events @triggers": Sample("?kinds=trigger"),
    "POST /modules": refused_for_content(driver_id="{driver}", control_system_id="{system}", port=-1),
    "POST /modules/:id/load": Sample(body={}),
    "POST /modules/:id/exec/:method": Sample(body=CALL, status=STARTING),
    "GET /modules/:id/error": Sample(status=404),  # it has none
    "POST /modules/:id/ping": Sample(body={}),
    "POST /drivers/:id/reload": Sample(body={}),
    "POST /api/busbar/v1/drivers/install": Sample(body={"path": "/nowhere"}),
    "GET /zones": Sample("?tags=none"),
    "GET /zones @all": Sample(),
    "POST /zones": refused_for_content(name="", parent_id="{zone}"),
    "POST /zones @root": refused_for_content(name=""),
    "DELETE /zones/:id @root": Sample("?dry_run=true", at={"id": "{root_zone}"}),
    "POST /zones/:id/exec/:slug/:method": Sample(body=CALL),
    "POST /systems/:id/triggers": refused_for_content(),
    "POST /api/busbar/v1/triggers/simulate": refused_for_content(),
    "POST /api/busbar/v1/triggers/:id/simulate": refused_for_content(),
    "POST /api/busbar/v1/webhook_deliveries/:id/replay": Sample(body={}, status=404),  # none was delivered
    "GET /webhook/:id": Sample(status=404),  # shown with the secret only
    "GET /settings": Sample("?parent_id={zone}"),
    "GET /settings @all": Sample(),
    "POST /settings": refused_for_content(parent_id="{zone}", encryption_level=9),
    "POST /settings @driver": refused_for_content(parent_id="{driver}", encryption_level=9),
    "POST /settings @secret": Sample(body={"parent_id": "{zone}", "encryption_level": 1}, status=409),
    "PATCH /settings/:id @secret": Sample(body={}, at={"id": "{secret_settings}"}),
    "DELETE /settings/:id @secret": Sample("?dry_run=true", at={"id": "{secret_settings}"}),
    "POST /metadata": Sample(body={"parent_id": "{zone}", **MENU}, status=201),
    "POST /metadata @user": Sample(body={"parent_id": "{user}", **MENU}, status=201),
    "PATCH /metadata/:parent @editors": Sample(body={"name": "menu", "editors": ["{count}"]}),
    "PATCH /metadata/:parent @permissions": Sample(body={"name": "permissions"}),
    "PUT /metadata/:parent @self": Sample(body=MENU, at={"parent": "{self}"}),
    "GET /metadata/:name/bulk": Sample("?parent_ids={zone}"),
    "POST /users @rights": refused_for_content(name="", email="new@busbar.test", support=True),
    "POST /users @domain": refused_for_content(name="", email="new@busbar.test", authority_id="{other_domain}"),
    "PUT /users/:id @admin": Sample(at={"id": "{admin}"}),
    "PATCH /users/:id @admin": Sample(at={"id": "{admin}"}),
    "PATCH /users/:id @rights": refused_for_content(groups=["Bosses"], nonsense=1),
    "PATCH /users/:id @password": refused_for_content(password="green ladder 1871", nonsense=1),
    "DELETE /users/:id @admin": Sample("?dry_run=true", at={"id": "{admin}"}, status=(200, 409)),  # it may be the last
    "POST /users/:id/revive @admin": Sample(at={"id": "{admin}"}),
    "GET /users/groups": Sample(f"?emails=victim@{HERE}"),
    "GET /users/:id @email": Sample(at={"id": "{email}"}),
    "PATCH /users/:id @self": Sample(body={}, at={"id": "{self}"}),
    "PATCH /users/:id @promotion": Sample(body={"sys_admin": True, "nonsense": 1}, at={"id": "{self}"}, status=422),
    "DELETE /domains/:id": Sample("?dry_run=true", status=(200, 409)),
    "POST /groups @below": refused_for_content(name="", parent_id="{group}"),
    "PATCH /groups/:id @subsystem": refused_for_content(subsystems=["support", "signage"], nonsense=1),
    "POST /group_users": Sample(body={"user_id": "{joiner}", "group_id": "{group}", "permissions": 1},
                                status=(201, 409)),
    "DELETE /group_users/:user/:group": Sample(
        at={"user": "{leaver}"}, status=202,
        before=("/group_users", {"user_id": "{leaver}", "group_id": "{group}", "permissions": 1})),
    "POST /group_zones": Sample(body={"zone_id": "{joined_zone}", "group_id": "{group}", "permissions": 1},
                                status=(201, 409)),
    "DELETE /group_zones/:group/:zone": Sample(
        at={"zone": "{left_zone}"}, status=202,
        before=("/group_zones", {"zone_id": "{left_zone}", "group_id": "{group}", "permissions": 1})),
    "POST /group_invitations": Sample(body={"group_id": "{subgroup}", "email": "guest@busbar.test"}, status=409),
    "POST /group_invitations @top": Sample(body={"group_id": "{group}", "email": "guest@busbar.test"},
                                           status=(201, 409)),
    "POST /group_invitations/accept": refused_for_content(),
    "GET /group_history @group": Sample("?group_id={subgroup}"),
    "POST /reindex": Sample(body={}),
    "POST /backfill": Sample(body={}),
    "PUT /api/busbar/v1/log-level": refused_for_content(),
    "POST /api/busbar/v1/quarantine/:id/release": Sample(body={}),
    "POST /api/busbar/v1/modules/:id/kill": Sample(body={}, status=(202, 409)),
    "POST /api/busbar/v1/import": Sample("?dry_run=true", {"format": "busbar.configuration/1"}),
    "POST /api/busbar/v1/signing_keys": Sample(body={}, status=201),
    "POST /auth/oauth/userinfo": Sample(),
    "GET /auth/oauth/token/info": Sample(status=404),  # of a key
}
for _case, _at in (("", {}), (" @user", {"parent": "{user}"})):
    SAMPLES.update({
        "GET /metadata/:parent" + _case: Sample(at=_at),
        "GET /metadata/:parent/history" + _case: Sample(at=_at),
        "PUT /metadata/:parent" + _case: Sample(body=MENU, at=_at),
        "PATCH /metadata/:parent" + _case: Sample(body=MENU, at=_at),
        "POST /metadata/:parent" + _case: Sample(body=MENU, status=201, at=_at),
        "DELETE /metadata/:parent" + _case: Sample("?name=menu&dry_run=true", at=_at),
        "PATCH /metadata/:parent/name" + _case: Sample(body={"current_name": "card", "new_name": "card"}, at=_at),
    })


def name_of(line):
    return f"{line.method} {line.path.removeprefix(ENGINE)}" + (f" @{line.case}" if line.case else "")


def sample_of(line):
    """The sample of a line of the matrix, with all that it does not say itself."""
    own = SAMPLES.get(name_of(line), Sample())
    query, body, status = own.query, own.body, own.status
    if line.method in ("PUT", "PATCH") and body is None:
        body = {}
    if line.method == "POST" and body is None:
        body = {}
        makes = line.path.startswith(ENGINE) and line.path.count("/") == 4
        status = status or (422 if makes else 200)
    if line.method == "DELETE" and own.status != 202 and not query:
        query = "?dry_run=true"
    defaults = next((values for start, values in PARAMETERS if line.path.startswith(start)), {})
    status = status or 200
    return Sample(query, body, status if isinstance(status, tuple) else (status,), {**defaults, **own.at}, own.before)
