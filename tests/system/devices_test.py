# SPDX-FileCopyrightText: The Busbar authors
# SPDX-License-Identifier: Apache-2.0
"""Devices and services that refuse, drop, stall or send rubbish: state says so, and calls end in their time."""
import time
import unittest

import cases
from site_under_test import ModbusSim, Sim, Site, Witness, wait_for

SETTINGS = {"poll_interval_ms": 100, "timeout_ms": 300, "retries": 1,
            "points": [{"name": "level", "address": 10, "type": "uint16", "writable": True}]}


class Devices(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.site = Site()
        cls.site.__enter__()
        cls.addClassCleanup(cls.site.__exit__, None, None, None)
        cls.sim = ModbusSim()
        cls.addClassCleanup(cls.sim.close)
        cls.system = cls.site.add_system("Plant")
        cls.other = cls.site.add_module(cls.site.install("echo"), cls.system)
        cls.settings = None
        cls.module = cls.site.add_module(cls.site.install("modbus"), cls.system,
                                         settings=SETTINGS, address=cls.sim.port)

    def setUp(self):
        self.assertEqual(self.sim.say("fail none"), "ok")
        self.wait_online(True)

    def wait_online(self, online):
        wait_for(lambda: self.site.state(self.module).get("online") is online,
                 f"online is {online}: {self.site.state(self.module)}")

    def write(self, value, timeout_ms=3000):
        begin = time.monotonic()
        status, body = self.site.execute(self.module, "write", {"name": "level", "value": value},
                                         timeout_ms)
        return status, body, time.monotonic() - begin

    def see_fault(self, fail, link_down):
        witness = Witness(self.site, self.other)
        self.assertEqual(self.sim.say(f"fail {fail}"), "ok")
        self.wait_online(False)
        self.assertTrue(self.site.state(self.module)["last_error"])
        if link_down:
            health = self.site.wait_health(self.module, lambda h: not h["connected"],
                                           "the health says that the link is down")
            self.assertIn("Trying again", health["sentence"])
        status, body, took_s = self.write(5)
        self.assertGreaterEqual(status, 500, body)
        self.assertTrue(body["detail"])
        self.assertLess(took_s, 4.0, "the call's own deadline is 3 s")
        self.assertEqual(self.sim.say("fail none"), "ok")
        self.wait_online(True)
        self.assertEqual(self.write(6)[0], 200)
        self.assertEqual(witness.end(), [])
        return body

    def test_refuses(self):
        self.see_fault("refuse", link_down=True)

    def test_drops(self):
        self.see_fault("drop", link_down=False)

    def test_stalls(self):
        self.see_fault("stall", link_down=False)

    def test_sends_rubbish(self):
        self.see_fault("rubbish", link_down=False)

    def test_a_stalled_call_ends_at_the_callers_deadline(self):
        self.assertEqual(self.sim.say("fail stall"), "ok")
        status, body, took_s = self.write(5, timeout_ms=200)
        self.assertEqual((status, body["code"]), (504, "deadline_exceeded"), body)
        self.assertGreater(took_s, 0.15)
        self.assertLess(took_s, 1.2)

    def test_values_come_and_go_and_settings_apply_at_once(self):
        self.assertEqual(self.sim.say("set holding 1 10 777"), "ok")
        wait_for(lambda: self.site.state(self.module).get("level") == 777, "the device's value")
        self.assertEqual(self.write(888)[0], 200)
        self.assertIn("888", self.sim.say("get 1 3 10"))
        runner = self.site.runner_pid(self.module)
        document = self.site.ask("GET", f"/api/engine/v2/settings?parent_id={self.module}")[0]
        points = SETTINGS["points"] + [{"name": "flow", "address": 11, "type": "uint16"}]
        self.assertEqual(self.sim.say("set holding 1 11 42"), "ok")
        self.site.change_settings(document["id"], {**SETTINGS, "points": points})
        wait_for(lambda: self.site.state(self.module).get("flow") == 42, "the new point")
        self.assertEqual(self.site.runner_pid(self.module), runner)
        self.site.change_settings(document["id"], SETTINGS)
        wait_for(lambda: "flow" not in self.site.state(self.module), "the point is gone")

    def test_settings_that_break_the_schema_change_nothing(self):
        document = self.site.ask("GET", f"/api/engine/v2/settings?parent_id={self.module}")[0]
        status, body = self.site.try_settings(document["id"], {**SETTINGS, "timeout_ms": "soon"})
        self.assertTrue(400 <= status < 500, (status, body))
        self.assertIn("timeout_ms", body["detail"])
        after = self.site.ask("GET", f"/api/engine/v2/settings?parent_id={self.module}")[0]
        self.assertEqual(after["settings_string"], document["settings_string"])


def polls(path, *names):
    return {"auth": "header", "auth_header": "X-API-Key", "token": "sesame",
            "poll_interval_ms": 100, "timeout_ms": 500, "polls": [{"path": path, "points": [
                {"name": name, "pointer": f"/now/{name}", "type": kind} for name, kind in names]}]}


class JsonServices(unittest.TestCase):
    def setUp(self):
        self.site = Site()
        self.site.__enter__()
        self.addCleanup(self.site.__exit__, None, None, None)
        self.system = self.site.add_system("Meeting room")

    def sim(self, program, *flags):
        sim = Sim(program, *flags)
        self.addCleanup(sim.close)
        return sim

    def add_service(self, sim, name, settings):
        return self.site.add_module(self.site.install("http_json"), self.system, settings,
                                    custom_name=name, uri=f"http://127.0.0.1:{sim.port}")

    def test_every_fault_of_a_service_is_named_and_passes(self):
        sim = self.sim("json_sim", "--key", "sesame")
        module = self.add_service(sim, "Weather", polls(
            "/v1/weather", ("temperature_c", "number"), ("raining", "boolean")))
        def shows(online, text):
            def found():
                state = self.site.state(module)
                error = state.get("last_error", "")
                return state.get("online") is online and (text in error if text else not error)
            wait_for(found, f"online is {online}, with '{text}': {self.site.state(module)}")
        shows(True, "")
        self.assertIsInstance(self.site.state(module)["temperature_c"], (int, float))
        for fault, online, text in (
                ("refuse", False, "GET /v1/weather"), ("drop", False, "GET /v1/weather"),
                ("stall", False, "GET /v1/weather"), ("slow=5000", False, "GET /v1/weather"),
                ("rubbish", False, "GET /v1/weather"), ("status=500", True, "answered 500"),
                ("auth", True, "answered 401"), ("nojson", True, "the answer is no JSON"),
                ("wrong", True, "temperature_c")):
            with self.subTest(fault):
                self.assertEqual(sim.say(f"fail {fault}"), "ok")
                shows(online, text)
                shown = self.site.busbar("state", module)
                self.assertIn(text, shown)
                self.assertEqual(sim.say("fail none"), "ok")
                shows(True, "")
        self.assertIn("error: want none", sim.say("fail status=9"))

    def test_a_room_goes_off_when_its_sensor_sees_nobody_for_long(self):
        projector = self.sim("pjlink_sim", "--warm-ms", "0", "--cool-ms", "0")
        self.site.add_module(self.site.install("pjlink"), self.system,
                             {"poll_interval_ms": 200}, projector.port)
        sensor = self.sim("json_sim", "--device", "sensor", "--key", "sesame")
        self.assertEqual(sensor.say("set occupied true"), "ok")
        self.add_service(sensor, "Sensor", polls("/v1/sensor", ("occupied", "boolean")))
        room = self.site.busbar("modules", "create", self.site.install("room"), "--system",
                                self.system, "-o", "name").strip().removeprefix("modules/")
        self.site.add_settings(room, {"presence": {"module": "Sensor_1", "key": "occupied"},
                                      "hold_minutes": 0.02})
        self.site.busbar("modules", "start", room, "--wait")
        wait_for(lambda: self.site.state(room).get("presence") is True, "somebody is there")
        self.assertEqual(self.site.execute(room, "power", {"state": True})[0], 200)
        self.assertEqual(projector.say("get power"), "1")
        self.assertEqual(sensor.say("set occupied false"), "ok")
        wait_for(lambda: projector.say("get power") == "0", "the projector is switched off")
        self.assertIs(self.site.state(room)["power"], False)


if __name__ == "__main__":
    cases.main()
