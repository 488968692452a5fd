-- A configuration database as version 2 of its schema wrote it, from one of version 1. Made by sqlite3 .dump; never edited.
PRAGMA application_id=1114985314;
PRAGMA user_version=2;
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE meta (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES('generation','0');
INSERT INTO meta VALUES('key_id','b7e92fec32e09814');
INSERT INTO meta VALUES('position','2');
CREATE TABLE drivers (
  id TEXT PRIMARY KEY,
  revision INTEGER NOT NULL,
  document TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO drivers VALUES('driver-01J9ZQ4X0N0000000000000001',1,'{"id":"driver-01J9ZQ4X0N0000000000000001","created_at":1795227732,"updated_at":1795227732,"revision":1,"name":"Driver 1","description":"speaks to things","module_name":"Display","role":1,"package_id":"org.example.display1","version":"1.2.3","digest":"0000000000000000000000000000000000000000000000000000000000000001","file_name":"display.so","manifest":"{\"links\":[{\"role\":\"main\"}]}","trust":0,"isolation":1,"default_uri":"https://display.example","default_port":4352,"ignore_connected":true,"alert_level":"high"}');
CREATE TABLE zones (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  parent_id TEXT REFERENCES zones (id) DEFERRABLE INITIALLY DEFERRED,
  revision INTEGER NOT NULL,
  document TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO zones VALUES('zone-01J9ZQ4X0N0000000000000001','Zone 1',NULL,1,'{"id":"zone-01J9ZQ4X0N0000000000000001","created_at":1795227732,"updated_at":1795227732,"revision":1,"name":"Zone 1","description":"a floor","tags":["level","building"],"parent_id":"","location":"48.1,11.5","display_name":"Floor","code":"F","type":"level","map_id":"map","timezone":"Europe/Berlin","images":["a.png"],"count":3,"capacity":40}');
INSERT INTO zones VALUES('zone-01J9ZQ4X0N0000000000000002','Zone 2','zone-01J9ZQ4X0N0000000000000001',1,'{"id":"zone-01J9ZQ4X0N0000000000000002","created_at":1795227732,"updated_at":1795227732,"revision":1,"name":"Zone 2","description":"a floor","tags":["level","building"],"parent_id":"zone-01J9ZQ4X0N0000000000000001","location":"48.1,11.5","display_name":"Floor","code":"F","type":"level","map_id":"map","timezone":"Europe/Berlin","images":["a.png"],"count":3,"capacity":40}');
CREATE TABLE systems (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  revision INTEGER NOT NULL,
  document TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO systems VALUES('sys-01J9ZQ4X0N0000000000000001','Room 1',1,'{"id":"sys-01J9ZQ4X0N0000000000000001","created_at":1795227732,"updated_at":1795227732,"revision":1,"name":"Room 1","description":"a room","email":"room1@example.com","display_name":"Room","code":"R","type":"meeting","map_id":"map-1","timezone":"Australia/Sydney","support_url":"https://help.example.com/room","features":["Display","vc"],"images":["b.png"],"capacity":12,"installed_ui_devices":2,"bookable":true,"public":true,"version":4,"zones":["zone-01J9ZQ4X0N0000000000000001"],"modules":["mod-01J9ZQ4X0N0000000000000001"]}');
CREATE TABLE modules (
  id TEXT PRIMARY KEY,
  driver_id TEXT NOT NULL REFERENCES drivers (id) DEFERRABLE INITIALLY DEFERRED,
  control_system_id TEXT REFERENCES systems (id) DEFERRABLE INITIALLY DEFERRED,
  revision INTEGER NOT NULL,
  document TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO modules VALUES('mod-01J9ZQ4X0N0000000000000001','driver-01J9ZQ4X0N0000000000000001',NULL,1,'{"id":"mod-01J9ZQ4X0N0000000000000001","created_at":1795227732,"updated_at":1795227732,"revision":1,"driver_id":"driver-01J9ZQ4X0N0000000000000001","control_system_id":"","ip":"10.0.0.1","port":4352,"tls":true,"udp":false,"makebreak":true,"uri":"","custom_name":"","notes":"left\u000aof the door","running":true,"ignore_connected":true,"ignore_startstop":true,"launch_on_execute":true,"debug":true,"alert_level":"low"}');
CREATE TABLE system_modules (
  system_id TEXT NOT NULL REFERENCES systems (id) DEFERRABLE INITIALLY DEFERRED,
  module_id TEXT NOT NULL REFERENCES modules (id) DEFERRABLE INITIALLY DEFERRED,
  PRIMARY KEY (system_id, module_id)
) STRICT, WITHOUT ROWID;
INSERT INTO system_modules VALUES('sys-01J9ZQ4X0N0000000000000001','mod-01J9ZQ4X0N0000000000000001');
CREATE TABLE system_zones (
  system_id TEXT NOT NULL REFERENCES systems (id) DEFERRABLE INITIALLY DEFERRED,
  zone_id TEXT NOT NULL REFERENCES zones (id) DEFERRABLE INITIALLY DEFERRED,
  PRIMARY KEY (system_id, zone_id)
) STRICT, WITHOUT ROWID;
INSERT INTO system_zones VALUES('sys-01J9ZQ4X0N0000000000000001','zone-01J9ZQ4X0N0000000000000001');
CREATE TABLE settings (
  id TEXT PRIMARY KEY,
  parent_id TEXT NOT NULL,
  encryption_level INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  document TEXT NOT NULL,
  UNIQUE (parent_id, encryption_level)
) STRICT, WITHOUT ROWID;
INSERT INTO settings VALUES('sets-01J9ZQ4X0N0000000000000001','sys-01J9ZQ4X0N0000000000000001',2,2,'{"id":"sets-01J9ZQ4X0N0000000000000001","created_at":1795227732,"updated_at":1795227732,"revision":2,"parent_id":"sys-01J9ZQ4X0N0000000000000001","encryption_level":2,"settings_string":"v1.b7e92fec32e09814.5Fzx5+eSkHpfhywPI9noqLL2Vdf03n5yLGcWi/UPH1DXC6r6K5cVuVksrEk=","keys":["a"],"modified_by_id":"user-01J9ZQ4X0N0000000000000001"}');
CREATE TABLE settings_versions (
  settings_id TEXT NOT NULL REFERENCES settings (id) DEFERRABLE INITIALLY DEFERRED,
  revision INTEGER NOT NULL,
  document TEXT NOT NULL,
  PRIMARY KEY (settings_id, revision)
) STRICT, WITHOUT ROWID;
INSERT INTO settings_versions VALUES('sets-01J9ZQ4X0N0000000000000001',1,'{"id":"sets-01J9ZQ4X0N0000000000000001","created_at":1795227732,"updated_at":1795227732,"revision":1,"parent_id":"sys-01J9ZQ4X0N0000000000000001","encryption_level":2,"settings_string":"v1.b7e92fec32e09814.V9PV/wUqkMB49VQN4hZAjgt6kygFTKkbGRnctXrLS0DW/vR8R37HgEJINg==","keys":["a"],"modified_by_id":"user-01J9ZQ4X0N0000000000000001"}');
CREATE TABLE users (
  id TEXT PRIMARY KEY,
  email TEXT NOT NULL UNIQUE,
  revision INTEGER NOT NULL,
  document TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO users VALUES('user-01J9ZQ4X0N0000000000000001','user1@example.com',1,'{"id":"user-01J9ZQ4X0N0000000000000001","created_at":1795227732,"updated_at":1795227732,"revision":1,"name":"User 1","email":"user1@example.com","role":2}');
CREATE TABLE api_keys (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  user_id TEXT NOT NULL REFERENCES users (id) DEFERRABLE INITIALLY DEFERRED,
  secret_hash TEXT NOT NULL UNIQUE,
  revision INTEGER NOT NULL,
  document TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO api_keys VALUES('key-01J9ZQ4X0N0000000000000001','key 1','user-01J9ZQ4X0N0000000000000001','0000000000000000000000000000000000000000000000000000000000000001',1,'{"id":"key-01J9ZQ4X0N0000000000000001","created_at":1795227732,"updated_at":1795227732,"revision":1,"name":"key 1","description":"for scripts","user_id":"user-01J9ZQ4X0N0000000000000001","secret_hash":"0000000000000000000000000000000000000000000000000000000000000001","permissions":1,"scopes":["public","control"],"expires_at":4000000000}');
CREATE TABLE change_log (
  position INTEGER NOT NULL,
  ordinal INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  record TEXT NOT NULL,
  row_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  trace_id TEXT NOT NULL,
  changed_at INTEGER NOT NULL,
  document TEXT NOT NULL,
  PRIMARY KEY (position, ordinal)
) STRICT, WITHOUT ROWID;
INSERT INTO change_log VALUES(1,0,0,'driver','driver-01J9ZQ4X0N0000000000000001','user-01J9ZQ4X0N0000000000000001','0af7651916cd43dd8448eb211c80319c',1795227732,'{"id":"driver-01J9ZQ4X0N0000000000000001","created_at":1795227732,"updated_at":1795227732,"revision":1,"name":"Driver 1","description":"speaks to things","module_name":"Display","role":1,"package_id":"org.example.display1","version":"1.2.3","digest":"0000000000000000000000000000000000000000000000000000000000000001","file_name":"display.so","manifest":"{\"links\":[{\"role\":\"main\"}]}","trust":0,"isolation":1,"default_uri":"https://display.example","default_port":4352,"ignore_connected":true,"alert_level":"high"}');
INSERT INTO change_log VALUES(1,1,0,'module','mod-01J9ZQ4X0N0000000000000001','user-01J9ZQ4X0N0000000000000001','0af7651916cd43dd8448eb211c80319c',1795227732,'{"id":"mod-01J9ZQ4X0N0000000000000001","created_at":1795227732,"updated_at":1795227732,"revision":1,"driver_id":"driver-01J9ZQ4X0N0000000000000001","control_system_id":"","ip":"10.0.0.1","port":4352,"tls":true,"udp":false,"makebreak":true,"uri":"","custom_name":"","notes":"left\u000aof the door","running":true,"ignore_connected":true,"ignore_startstop":true,"launch_on_execute":true,"debug":true,"alert_level":"low"}');
INSERT INTO change_log VALUES(1,2,0,'system','sys-01J9ZQ4X0N0000000000000001','user-01J9ZQ4X0N0000000000000001','0af7651916cd43dd8448eb211c80319c',1795227732,'{"id":"sys-01J9ZQ4X0N0000000000000001","created_at":1795227732,"updated_at":1795227732,"revision":1,"name":"Room 1","description":"a room","email":"room1@example.com","display_name":"Room","code":"R","type":"meeting","map_id":"map-1","timezone":"Australia/Sydney","support_url":"https://help.example.com/room","features":["Display","vc"],"images":["b.png"],"capacity":12,"installed_ui_devices":2,"bookable":true,"public":true,"version":4,"zones":["zone-01J9ZQ4X0N0000000000000001"],"modules":["mod-01J9ZQ4X0N0000000000000001"]}');
INSERT INTO change_log VALUES(1,3,0,'zone','zone-01J9ZQ4X0N0000000000000001','user-01J9ZQ4X0N0000000000000001','0af7651916cd43dd8448eb211c80319c',1795227732,'{"id":"zone-01J9ZQ4X0N0000000000000001","created_at":1795227732,"updated_at":1795227732,"revision":1,"name":"Zone 1","description":"a floor","tags":["level","building"],"parent_id":"","location":"48.1,11.5","display_name":"Floor","code":"F","type":"level","map_id":"map","timezone":"Europe/Berlin","images":["a.png"],"count":3,"capacity":40}');
INSERT INTO change_log VALUES(1,4,0,'zone','zone-01J9ZQ4X0N0000000000000002','user-01J9ZQ4X0N0000000000000001','0af7651916cd43dd8448eb211c80319c',1795227732,'{"id":"zone-01J9ZQ4X0N0000000000000002","created_at":1795227732,"updated_at":1795227732,"revision":1,"name":"Zone 2","description":"a floor","tags":["level","building"],"parent_id":"zone-01J9ZQ4X0N0000000000000001","location":"48.1,11.5","display_name":"Floor","code":"F","type":"level","map_id":"map","timezone":"Europe/Berlin","images":["a.png"],"count":3,"capacity":40}');
INSERT INTO change_log VALUES(1,5,0,'user','user-01J9ZQ4X0N0000000000000001','user-01J9ZQ4X0N0000000000000001','0af7651916cd43dd8448eb211c80319c',1795227732,'{"id":"user-01J9ZQ4X0N0000000000000001","created_at":1795227732,"updated_at":1795227732,"revision":1,"name":"User 1","email":"user1@example.com","role":2}');
INSERT INTO change_log VALUES(1,6,0,'api_key','key-01J9ZQ4X0N0000000000000001','user-01J9ZQ4X0N0000000000000001','0af7651916cd43dd8448eb211c80319c',1795227732,'{"id":"key-01J9ZQ4X0N0000000000000001","created_at":1795227732,"updated_at":1795227732,"revision":1,"name":"key 1","description":"for scripts","user_id":"user-01J9ZQ4X0N0000000000000001","secret_hash":"0000000000000000000000000000000000000000000000000000000000000001","permissions":1,"scopes":["public","control"],"expires_at":4000000000}');
INSERT INTO change_log VALUES(1,7,0,'settings','sets-01J9ZQ4X0N0000000000000001','user-01J9ZQ4X0N0000000000000001','0af7651916cd43dd8448eb211c80319c',1795227732,'{"id":"sets-01J9ZQ4X0N0000000000000001","created_at":1795227732,"updated_at":1795227732,"revision":1,"parent_id":"sys-01J9ZQ4X0N0000000000000001","encryption_level":2,"settings_string":"v1.b7e92fec32e09814.S4+CEjeKMGI6hVYXIG6fhCkFdI/PEaxDPBAiMBhLCjeY32OUHP8UkxovMA==","keys":["a"],"modified_by_id":"user-01J9ZQ4X0N0000000000000001"}');
INSERT INTO change_log VALUES(2,0,1,'settings','sets-01J9ZQ4X0N0000000000000001','','',1795227732,'{"id":"sets-01J9ZQ4X0N0000000000000001","created_at":1795227732,"updated_at":1795227732,"revision":2,"parent_id":"sys-01J9ZQ4X0N0000000000000001","encryption_level":2,"settings_string":"v1.b7e92fec32e09814.y83aJCqwFDGhErmpvqAP7usmFRhwatKnjG7yZxE+ib00Fd3hyF+fe5L/w4g=","keys":["a"],"modified_by_id":"user-01J9ZQ4X0N0000000000000001"}');
CREATE TABLE module_data (
  module_id TEXT NOT NULL REFERENCES modules (id) ON DELETE CASCADE,
  key TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (module_id, key)
) STRICT, WITHOUT ROWID;
INSERT INTO module_data VALUES('mod-01J9ZQ4X0N0000000000000001','pairing',15,'v1.b7e92fec32e09814.wjybCov4rjIDUkaIJMQpqHa5X/CRYdTwmoGlgN56BH9+1rLg');
CREATE INDEX zones_parent ON zones (parent_id);
CREATE INDEX modules_driver ON modules (driver_id);
CREATE INDEX modules_system ON modules (control_system_id);
CREATE INDEX system_modules_module ON system_modules (module_id);
CREATE INDEX system_zones_zone ON system_zones (zone_id);
CREATE INDEX api_keys_user ON api_keys (user_id);
COMMIT;
