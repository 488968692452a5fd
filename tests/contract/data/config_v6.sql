-- A configuration database as version 6 of its schema wrote it, from one of version 5. Made from its schema and the rows of
-- version 5; the search indexes are filled at the end. Never edited.
PRAGMA application_id=1114985314;
PRAGMA user_version=6;
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE meta (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES('generation','0');
INSERT INTO meta VALUES('key_id','b7e92fec32e09814');
INSERT INTO meta VALUES('position','3');
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
INSERT INTO change_log VALUES(3,0,0,'domain','authority-01J9ZQ4X0N0000000000000001','user-1','',1795743024,'{"id":"authority-01J9ZQ4X0N0000000000000001","created_at":1795743024,"updated_at":1795743024,"revision":1,"name":"Domain 1","domain":"d1.example.com","description":"a tenant","login_url":"/sign-in?continue={{url}}","logout_url":"https://example.com/bye","config":"{\"default_app\":\"/backoffice/\"}","internals":"v1.b7e92fec32e09814.wuTkuEtCLS83PrOhv6BrjKZmTAiUXQtmqqGTNXdcbiB4K9FRpMhAHEhBKivQdNo/","email_domains":["example.com"]}');
INSERT INTO change_log VALUES(3,1,1,'user','user-01J9ZQ4X0N0000000000000001','user-1','',1795743024,'{"id":"user-01J9ZQ4X0N0000000000000001","created_at":1795227732,"updated_at":1795743024,"revision":2,"authority_id":"authority-01J9ZQ4X0N0000000000000001","name":"User 1","email":"user1@example.com","role":2,"password_hash":"v1.b7e92fec32e09814.WR0/SZjh0CQo2Z3tFIzbFZMVVOpiz+CB+U1EKSgidzNoBH4lJ8pwhFeobS6ZnnGjWKbMnuK3cMpoX+5fbSFyB4KZZPHEgExX11f0HwuEnvjQmLI+JJIiQYZwrkZ7moyEbsrVBgpoWie3ejfVHpMXUwfKbFJzg902iwDCQlyckzHL0reUQnEb","login_name":"login1","staff_id":"staff1","card_number":"card1","groups":["Facilities","IT"],"phone":"+49 89 1234","country":"Germany","image":"https://example.com/face.png","nickname":"Nick","misc":"left\u000ahanded","first_name":"User","last_name":"1","building":"North","department":"Heating","preferred_language":"en-AU","ui_theme":"dark","photo_upload_id":"uploads-1","locatable":false,"work_preferences":"[{\"day_of_week\":1,\"blocks\":[]}]","work_overrides":"{\"2026-01-01\":{\"day_of_week\":4,\"blocks\":[]}}","logged_out_at":1000,"last_login":2000,"login_count":3,"deleted":false}');
INSERT INTO change_log VALUES(3,2,0,'oauth_app','app-01J9ZQ4X0N0000000000000001','user-1','',1795743024,'{"id":"app-01J9ZQ4X0N0000000000000001","created_at":1795743024,"updated_at":1795743024,"revision":1,"owner_id":"authority-01J9ZQ4X0N0000000000000001","name":"App 1","uid":"00000000000000000000000000000001","secret_hash":"0000000000000000000000000000000000000000000000000000000000000001","redirect_uri":"https://app1.example.com/oauth-resp.html","scopes":"public openid","confidential":true,"skip_authorization":true,"subsystems":["support"],"allow_password_grant":true,"allow_implicit_grant":true,"allow_query_parameters":true}');
INSERT INTO change_log VALUES(3,3,0,'group','group-01J9ZQ4X0N0000000000000001','user-1','',1795743024,'{"id":"group-01J9ZQ4X0N0000000000000001","created_at":1795743024,"updated_at":1795743024,"revision":1,"authority_id":"authority-01J9ZQ4X0N0000000000000001","parent_id":"","name":"Group 1","description":"who looks after the rooms","subsystems":["support"]}');
INSERT INTO change_log VALUES(3,4,0,'group_user','groupuser-01J9ZQ4X0N0000000000000001','user-1','',1795743024,'{"id":"groupuser-01J9ZQ4X0N0000000000000001","created_at":1795743024,"updated_at":1795743024,"revision":1,"user_id":"user-01J9ZQ4X0N0000000000000001","group_id":"group-01J9ZQ4X0N0000000000000001","permissions":5}');
INSERT INTO change_log VALUES(3,5,0,'group_zone','groupzone-01J9ZQ4X0N0000000000000001','user-1','',1795743024,'{"id":"groupzone-01J9ZQ4X0N0000000000000001","created_at":1795743024,"updated_at":1795743024,"revision":1,"zone_id":"zone-01J9ZQ4X0N0000000000000001","group_id":"group-01J9ZQ4X0N0000000000000001","permissions":4,"deny":true}');
CREATE TABLE module_data (
  module_id TEXT NOT NULL REFERENCES modules (id) ON DELETE CASCADE,
  key TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (module_id, key)
) STRICT, WITHOUT ROWID;
INSERT INTO module_data VALUES('mod-01J9ZQ4X0N0000000000000001','pairing',15,'v1.b7e92fec32e09814.wjybCov4rjIDUkaIJMQpqHa5X/CRYdTwmoGlgN56BH9+1rLg');
CREATE TABLE domains (
  id TEXT PRIMARY KEY,
  domain TEXT NOT NULL UNIQUE,
  revision INTEGER NOT NULL,
  document TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO domains VALUES('authority-01J9ZQ4X0N0000000000000001','d1.example.com',1,'{"id":"authority-01J9ZQ4X0N0000000000000001","created_at":1795743024,"updated_at":1795743024,"revision":1,"name":"Domain 1","domain":"d1.example.com","description":"a tenant","login_url":"/sign-in?continue={{url}}","logout_url":"https://example.com/bye","config":"{\"default_app\":\"/backoffice/\"}","internals":"v1.b7e92fec32e09814.MEbeFrKsCG+n+6/WcEZtBKlz2/T3gGRoJEtV2tKTC39kHqzMwN5yq1ljZ4CPRNVz","email_domains":["example.com"]}');
CREATE TABLE users (
  id TEXT PRIMARY KEY,
  authority_id TEXT NOT NULL,
  email TEXT NOT NULL,
  login_name TEXT,
  staff_id TEXT,
  revision INTEGER NOT NULL,
  document TEXT NOT NULL,
  UNIQUE (email, authority_id),
  UNIQUE (login_name, authority_id),
  UNIQUE (staff_id, authority_id)
) STRICT, WITHOUT ROWID;
INSERT INTO users VALUES('user-01J9ZQ4X0N0000000000000001','authority-01J9ZQ4X0N0000000000000001','user1@example.com','login1','staff1',2,'{"id":"user-01J9ZQ4X0N0000000000000001","created_at":1795227732,"updated_at":1795743024,"revision":2,"authority_id":"authority-01J9ZQ4X0N0000000000000001","name":"User 1","email":"user1@example.com","role":2,"password_hash":"v1.b7e92fec32e09814.BWif/zYplyoWkSKoHOxX49iX4cLG32pH+ACgPK9qSfi3wINpx2H5110QjE4LO41PmopwsytMmsYEEjlX7qdWgJ+eZ5h1WGdr8VJKmfnlP0WJtlpmmonNbxh42puR1V9WiwHeOOcStiMbKT7JyglIaoPbwmGXUcHqoVQtqfMt+K3SErZmsERQ","login_name":"login1","staff_id":"staff1","card_number":"card1","groups":["Facilities","IT"],"phone":"+49 89 1234","country":"Germany","image":"https://example.com/face.png","nickname":"Nick","misc":"left\u000ahanded","first_name":"User","last_name":"1","building":"North","department":"Heating","preferred_language":"en-AU","ui_theme":"dark","photo_upload_id":"uploads-1","locatable":false,"work_preferences":"[{\"day_of_week\":1,\"blocks\":[]}]","work_overrides":"{\"2026-01-01\":{\"day_of_week\":4,\"blocks\":[]}}","logged_out_at":1000,"last_login":2000,"login_count":3,"deleted":false}');
CREATE TABLE api_keys (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  authority_id TEXT,
  user_id TEXT NOT NULL REFERENCES users (id) DEFERRABLE INITIALLY DEFERRED,
  secret_hash TEXT NOT NULL UNIQUE,
  revision INTEGER NOT NULL,
  document TEXT NOT NULL,
  UNIQUE (name, authority_id)
) STRICT, WITHOUT ROWID;
INSERT INTO api_keys VALUES('key-01J9ZQ4X0N0000000000000001','key 1','authority-01J9ZQ4X0N0000000000000001','user-01J9ZQ4X0N0000000000000001','0000000000000000000000000000000000000000000000000000000000000001',1,'{"id":"key-01J9ZQ4X0N0000000000000001","created_at":1795227732,"updated_at":1795227732,"revision":1,"name":"key 1","description":"for scripts","user_id":"user-01J9ZQ4X0N0000000000000001","secret_hash":"0000000000000000000000000000000000000000000000000000000000000001","permissions":1,"scopes":["public","control"],"expires_at":4000000000}');
CREATE TABLE oauth_apps (
  id TEXT PRIMARY KEY,
  owner_id TEXT NOT NULL REFERENCES domains (id) DEFERRABLE INITIALLY DEFERRED,
  name TEXT NOT NULL,
  uid TEXT NOT NULL,
  redirect_uri TEXT NOT NULL,
  revision INTEGER NOT NULL,
  document TEXT NOT NULL,
  UNIQUE (name, owner_id),
  UNIQUE (redirect_uri, owner_id),
  UNIQUE (uid, owner_id)
) STRICT, WITHOUT ROWID;
INSERT INTO oauth_apps VALUES('app-01J9ZQ4X0N0000000000000001','authority-01J9ZQ4X0N0000000000000001','App 1','00000000000000000000000000000001','https://app1.example.com/oauth-resp.html',1,'{"id":"app-01J9ZQ4X0N0000000000000001","created_at":1795743024,"updated_at":1795743024,"revision":1,"owner_id":"authority-01J9ZQ4X0N0000000000000001","name":"App 1","uid":"00000000000000000000000000000001","secret_hash":"0000000000000000000000000000000000000000000000000000000000000001","redirect_uri":"https://app1.example.com/oauth-resp.html","scopes":"public openid","confidential":true,"skip_authorization":true,"subsystems":["support"],"allow_password_grant":true,"allow_implicit_grant":true,"allow_query_parameters":true}');
CREATE TABLE user_groups (
  id TEXT PRIMARY KEY,
  authority_id TEXT NOT NULL REFERENCES domains (id) DEFERRABLE INITIALLY DEFERRED,
  parent_id TEXT NOT NULL,
  name TEXT NOT NULL,
  revision INTEGER NOT NULL,
  document TEXT NOT NULL,
  UNIQUE (name, parent_id, authority_id)
) STRICT, WITHOUT ROWID;
INSERT INTO user_groups VALUES('group-01J9ZQ4X0N0000000000000001','authority-01J9ZQ4X0N0000000000000001','','Group 1',1,'{"id":"group-01J9ZQ4X0N0000000000000001","created_at":1795743024,"updated_at":1795743024,"revision":1,"authority_id":"authority-01J9ZQ4X0N0000000000000001","parent_id":"","name":"Group 1","description":"who looks after the rooms","subsystems":["support"]}');
CREATE TABLE group_users (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES users (id) DEFERRABLE INITIALLY DEFERRED,
  group_id TEXT NOT NULL REFERENCES user_groups (id) DEFERRABLE INITIALLY DEFERRED,
  revision INTEGER NOT NULL,
  document TEXT NOT NULL,
  UNIQUE (user_id, group_id)
) STRICT, WITHOUT ROWID;
INSERT INTO group_users VALUES('groupuser-01J9ZQ4X0N0000000000000001','user-01J9ZQ4X0N0000000000000001','group-01J9ZQ4X0N0000000000000001',1,'{"id":"groupuser-01J9ZQ4X0N0000000000000001","created_at":1795743024,"updated_at":1795743024,"revision":1,"user_id":"user-01J9ZQ4X0N0000000000000001","group_id":"group-01J9ZQ4X0N0000000000000001","permissions":5}');
CREATE TABLE group_zones (
  id TEXT PRIMARY KEY,
  zone_id TEXT NOT NULL REFERENCES zones (id) DEFERRABLE INITIALLY DEFERRED,
  group_id TEXT NOT NULL REFERENCES user_groups (id) DEFERRABLE INITIALLY DEFERRED,
  revision INTEGER NOT NULL,
  document TEXT NOT NULL,
  UNIQUE (zone_id, group_id)
) STRICT, WITHOUT ROWID;
INSERT INTO group_zones VALUES('groupzone-01J9ZQ4X0N0000000000000001','zone-01J9ZQ4X0N0000000000000001','group-01J9ZQ4X0N0000000000000001',1,'{"id":"groupzone-01J9ZQ4X0N0000000000000001","created_at":1795743024,"updated_at":1795743024,"revision":1,"zone_id":"zone-01J9ZQ4X0N0000000000000001","group_id":"group-01J9ZQ4X0N0000000000000001","permissions":4,"deny":true}');
CREATE TABLE auth_records (
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  document TEXT NOT NULL,
  PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;
INSERT INTO auth_records VALUES('revocation','token-1',4102444800,'{}');
CREATE INDEX zones_parent ON zones (parent_id);
CREATE INDEX modules_driver ON modules (driver_id);
CREATE INDEX modules_system ON modules (control_system_id);
CREATE INDEX system_modules_module ON system_modules (module_id);
CREATE INDEX system_zones_zone ON system_zones (zone_id);
CREATE INDEX users_authority ON users (authority_id);
CREATE INDEX api_keys_user ON api_keys (user_id);
CREATE INDEX oauth_apps_owner ON oauth_apps (owner_id);
CREATE INDEX user_groups_authority ON user_groups (authority_id);
CREATE INDEX user_groups_parent ON user_groups (parent_id);
CREATE INDEX group_users_group ON group_users (group_id);
CREATE INDEX group_zones_group ON group_zones (group_id);
CREATE INDEX auth_records_expiry ON auth_records (expires_at);
CREATE TABLE schemas (
  id TEXT PRIMARY KEY,
  revision INTEGER NOT NULL,
  document TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE metadata (
  id TEXT PRIMARY KEY,
  parent_id TEXT NOT NULL,
  name TEXT NOT NULL,
  schema_id TEXT REFERENCES schemas (id) DEFERRABLE INITIALLY DEFERRED,
  revision INTEGER NOT NULL,
  document TEXT NOT NULL,
  UNIQUE (parent_id, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE metadata_versions (
  metadata_id TEXT NOT NULL REFERENCES metadata (id) DEFERRABLE INITIALLY DEFERRED,
  revision INTEGER NOT NULL,
  document TEXT NOT NULL,
  PRIMARY KEY (metadata_id, revision)
) STRICT, WITHOUT ROWID;
CREATE TABLE audit (
  sequence INTEGER PRIMARY KEY,
  time_ms INTEGER NOT NULL,
  action TEXT NOT NULL,
  record TEXT NOT NULL,
  subject TEXT NOT NULL,
  user_id TEXT NOT NULL,
  credential TEXT NOT NULL,
  peer TEXT NOT NULL,
  trace_id TEXT NOT NULL,
  before TEXT NOT NULL,
  after TEXT NOT NULL,
  hash TEXT NOT NULL
) STRICT;
CREATE TABLE audit_ends (
  name TEXT PRIMARY KEY,
  sequence INTEGER NOT NULL,
  hash TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE search_rows (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE
) STRICT;
INSERT INTO audit_ends VALUES('anchor',0,'0000000000000000000000000000000000000000000000000000000000000000');
INSERT INTO audit_ends VALUES('head',0,'0000000000000000000000000000000000000000000000000000000000000000');
CREATE INDEX metadata_schema ON metadata (schema_id);
CREATE INDEX audit_time ON audit (time_ms);
CREATE INDEX audit_subject ON audit (subject);
CREATE INDEX audit_user ON audit (user_id);
CREATE VIRTUAL TABLE drivers_search USING fts5 (name, text, id UNINDEXED, tokenize = 'unicode61 remove_diacritics 2');
CREATE VIRTUAL TABLE systems_search USING fts5 (name, text, id UNINDEXED, tokenize = 'unicode61 remove_diacritics 2');
CREATE VIRTUAL TABLE zones_search USING fts5 (name, text, id UNINDEXED, tokenize = 'unicode61 remove_diacritics 2');
CREATE VIRTUAL TABLE modules_search USING fts5 (name, text, id UNINDEXED, tokenize = 'unicode61 remove_diacritics 2');
CREATE VIRTUAL TABLE settings_search USING fts5 (name, text, id UNINDEXED, tokenize = 'unicode61 remove_diacritics 2');
CREATE VIRTUAL TABLE users_search USING fts5 (name, text, id UNINDEXED, tokenize = 'unicode61 remove_diacritics 2');
CREATE VIRTUAL TABLE domains_search USING fts5 (name, text, id UNINDEXED, tokenize = 'unicode61 remove_diacritics 2');
CREATE VIRTUAL TABLE oauth_apps_search USING fts5 (name, text, id UNINDEXED, tokenize = 'unicode61 remove_diacritics 2');
CREATE VIRTUAL TABLE user_groups_search USING fts5 (name, text, id UNINDEXED, tokenize = 'unicode61 remove_diacritics 2');
CREATE VIRTUAL TABLE api_keys_search USING fts5 (name, text, id UNINDEXED, tokenize = 'unicode61 remove_diacritics 2');
CREATE VIRTUAL TABLE schemas_search USING fts5 (name, text, id UNINDEXED, tokenize = 'unicode61 remove_diacritics 2');
CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit BEGIN
  SELECT RAISE(ABORT, 'the audit log is never changed');
END;
CREATE TRIGGER audit_goes_by_age_only BEFORE DELETE ON audit
WHEN OLD.sequence > (SELECT sequence FROM audit_ends WHERE name = 'anchor') BEGIN
  SELECT RAISE(ABORT, 'an entry of the audit log goes by its age only');
END;
CREATE TRIGGER audit_anchor_is_an_entry BEFORE UPDATE ON audit_ends
WHEN NEW.sequence < OLD.sequence OR NEW.name <> OLD.name OR NOT EXISTS
  (SELECT 1 FROM audit WHERE sequence = NEW.sequence AND hash = NEW.hash) BEGIN
  SELECT RAISE(ABORT, 'an end of the audit log is one of its entries');
END;
CREATE TRIGGER audit_ends_stay BEFORE DELETE ON audit_ends BEGIN
  SELECT RAISE(ABORT, 'the ends of the audit log stay');
END;
CREATE TRIGGER drivers_search_insert AFTER INSERT ON drivers BEGIN INSERT OR IGNORE INTO search_rows (id) VALUES (NEW.id);INSERT OR REPLACE INTO drivers_search (rowid, name, text, id) SELECT number, ifnull(json_extract(NEW.document, '$.name'), ''), NEW.id || ' ' || ifnull(json_extract(NEW.document, '$.description'), '') || ' ' || ifnull(json_extract(NEW.document, '$.module_name'), '') || ' ' || ifnull(json_extract(NEW.document, '$.package_id'), '') || ' ' || ifnull(json_extract(NEW.document, '$.file_name'), ''), NEW.id FROM search_rows WHERE id = NEW.id;END;
CREATE TRIGGER drivers_search_update AFTER UPDATE OF document ON drivers BEGIN INSERT OR IGNORE INTO search_rows (id) VALUES (NEW.id);INSERT OR REPLACE INTO drivers_search (rowid, name, text, id) SELECT number, ifnull(json_extract(NEW.document, '$.name'), ''), NEW.id || ' ' || ifnull(json_extract(NEW.document, '$.description'), '') || ' ' || ifnull(json_extract(NEW.document, '$.module_name'), '') || ' ' || ifnull(json_extract(NEW.document, '$.package_id'), '') || ' ' || ifnull(json_extract(NEW.document, '$.file_name'), ''), NEW.id FROM search_rows WHERE id = NEW.id;END;
CREATE TRIGGER drivers_search_delete AFTER DELETE ON drivers BEGIN DELETE FROM drivers_search WHERE rowid = (SELECT number FROM search_rows WHERE id = OLD.id);DELETE FROM search_rows WHERE id = OLD.id; END;
CREATE TRIGGER systems_search_insert AFTER INSERT ON systems BEGIN INSERT OR IGNORE INTO search_rows (id) VALUES (NEW.id);INSERT OR REPLACE INTO systems_search (rowid, name, text, id) SELECT number, ifnull(json_extract(NEW.document, '$.name'), ''), NEW.id || ' ' || ifnull(json_extract(NEW.document, '$.description'), '') || ' ' || ifnull(json_extract(NEW.document, '$.display_name'), '') || ' ' || ifnull(json_extract(NEW.document, '$.email'), '') || ' ' || ifnull(json_extract(NEW.document, '$.code'), '') || ' ' || ifnull(json_extract(NEW.document, '$.type'), '') || ' ' || ifnull(json_extract(NEW.document, '$.map_id'), '') || ' ' || ifnull(json_extract(NEW.document, '$.features'), ''), NEW.id FROM search_rows WHERE id = NEW.id;END;
CREATE TRIGGER systems_search_update AFTER UPDATE OF document ON systems BEGIN INSERT OR IGNORE INTO search_rows (id) VALUES (NEW.id);INSERT OR REPLACE INTO systems_search (rowid, name, text, id) SELECT number, ifnull(json_extract(NEW.document, '$.name'), ''), NEW.id || ' ' || ifnull(json_extract(NEW.document, '$.description'), '') || ' ' || ifnull(json_extract(NEW.document, '$.display_name'), '') || ' ' || ifnull(json_extract(NEW.document, '$.email'), '') || ' ' || ifnull(json_extract(NEW.document, '$.code'), '') || ' ' || ifnull(json_extract(NEW.document, '$.type'), '') || ' ' || ifnull(json_extract(NEW.document, '$.map_id'), '') || ' ' || ifnull(json_extract(NEW.document, '$.features'), ''), NEW.id FROM search_rows WHERE id = NEW.id;END;
CREATE TRIGGER systems_search_delete AFTER DELETE ON systems BEGIN DELETE FROM systems_search WHERE rowid = (SELECT number FROM search_rows WHERE id = OLD.id);DELETE FROM search_rows WHERE id = OLD.id; END;
CREATE TRIGGER zones_search_insert AFTER INSERT ON zones BEGIN INSERT OR IGNORE INTO search_rows (id) VALUES (NEW.id);INSERT OR REPLACE INTO zones_search (rowid, name, text, id) SELECT number, ifnull(json_extract(NEW.document, '$.name'), ''), NEW.id || ' ' || ifnull(json_extract(NEW.document, '$.description'), '') || ' ' || ifnull(json_extract(NEW.document, '$.display_name'), '') || ' ' || ifnull(json_extract(NEW.document, '$.code'), '') || ' ' || ifnull(json_extract(NEW.document, '$.type'), '') || ' ' || ifnull(json_extract(NEW.document, '$.location'), '') || ' ' || ifnull(json_extract(NEW.document, '$.tags'), ''), NEW.id FROM search_rows WHERE id = NEW.id;END;
CREATE TRIGGER zones_search_update AFTER UPDATE OF document ON zones BEGIN INSERT OR IGNORE INTO search_rows (id) VALUES (NEW.id);INSERT OR REPLACE INTO zones_search (rowid, name, text, id) SELECT number, ifnull(json_extract(NEW.document, '$.name'), ''), NEW.id || ' ' || ifnull(json_extract(NEW.document, '$.description'), '') || ' ' || ifnull(json_extract(NEW.document, '$.display_name'), '') || ' ' || ifnull(json_extract(NEW.document, '$.code'), '') || ' ' || ifnull(json_extract(NEW.document, '$.type'), '') || ' ' || ifnull(json_extract(NEW.document, '$.location'), '') || ' ' || ifnull(json_extract(NEW.document, '$.tags'), ''), NEW.id FROM search_rows WHERE id = NEW.id;END;
CREATE TRIGGER zones_search_delete AFTER DELETE ON zones BEGIN DELETE FROM zones_search WHERE rowid = (SELECT number FROM search_rows WHERE id = OLD.id);DELETE FROM search_rows WHERE id = OLD.id; END;
CREATE TRIGGER modules_search_insert AFTER INSERT ON modules BEGIN INSERT OR IGNORE INTO search_rows (id) VALUES (NEW.id);INSERT OR REPLACE INTO modules_search (rowid, name, text, id) SELECT number, ifnull(nullif(trim(json_extract(NEW.document, '$.custom_name')), ''), (SELECT json_extract(d.document, '$.module_name') FROM drivers d WHERE d.id = NEW.driver_id)), NEW.id || ' ' || ifnull(json_extract(NEW.document, '$.ip'), '') || ' ' || ifnull(json_extract(NEW.document, '$.uri'), '') || ' ' || ifnull(json_extract(NEW.document, '$.notes'), '') || ' ' || ifnull((SELECT json_extract(d.document, '$.name') || ' ' || json_extract(d.document, '$.description') || ' ' || json_extract(d.document, '$.module_name') FROM drivers d WHERE d.id = NEW.driver_id), ''), NEW.id FROM search_rows WHERE id = NEW.id;END;
CREATE TRIGGER modules_search_update AFTER UPDATE OF document ON modules BEGIN INSERT OR IGNORE INTO search_rows (id) VALUES (NEW.id);INSERT OR REPLACE INTO modules_search (rowid, name, text, id) SELECT number, ifnull(nullif(trim(json_extract(NEW.document, '$.custom_name')), ''), (SELECT json_extract(d.document, '$.module_name') FROM drivers d WHERE d.id = NEW.driver_id)), NEW.id || ' ' || ifnull(json_extract(NEW.document, '$.ip'), '') || ' ' || ifnull(json_extract(NEW.document, '$.uri'), '') || ' ' || ifnull(json_extract(NEW.document, '$.notes'), '') || ' ' || ifnull((SELECT json_extract(d.document, '$.name') || ' ' || json_extract(d.document, '$.description') || ' ' || json_extract(d.document, '$.module_name') FROM drivers d WHERE d.id = NEW.driver_id), ''), NEW.id FROM search_rows WHERE id = NEW.id;END;
CREATE TRIGGER modules_search_delete AFTER DELETE ON modules BEGIN DELETE FROM modules_search WHERE rowid = (SELECT number FROM search_rows WHERE id = OLD.id);DELETE FROM search_rows WHERE id = OLD.id; END;
CREATE TRIGGER settings_search_insert AFTER INSERT ON settings BEGIN INSERT OR IGNORE INTO search_rows (id) VALUES (NEW.id);INSERT OR REPLACE INTO settings_search (rowid, name, text, id) SELECT number, '', NEW.id || ' ' || ifnull(json_extract(NEW.document, '$.parent_id'), '') || ' ' || ifnull(json_extract(NEW.document, '$.keys'), ''), NEW.id FROM search_rows WHERE id = NEW.id;END;
CREATE TRIGGER settings_search_update AFTER UPDATE OF document ON settings BEGIN INSERT OR IGNORE INTO search_rows (id) VALUES (NEW.id);INSERT OR REPLACE INTO settings_search (rowid, name, text, id) SELECT number, '', NEW.id || ' ' || ifnull(json_extract(NEW.document, '$.parent_id'), '') || ' ' || ifnull(json_extract(NEW.document, '$.keys'), ''), NEW.id FROM search_rows WHERE id = NEW.id;END;
CREATE TRIGGER settings_search_delete AFTER DELETE ON settings BEGIN DELETE FROM settings_search WHERE rowid = (SELECT number FROM search_rows WHERE id = OLD.id);DELETE FROM search_rows WHERE id = OLD.id; END;
CREATE TRIGGER users_search_insert AFTER INSERT ON users BEGIN INSERT OR IGNORE INTO search_rows (id) VALUES (NEW.id);INSERT OR REPLACE INTO users_search (rowid, name, text, id) SELECT number, ifnull(json_extract(NEW.document, '$.name'), ''), NEW.id || ' ' || ifnull(json_extract(NEW.document, '$.email'), '') || ' ' || ifnull(json_extract(NEW.document, '$.nickname'), '') || ' ' || ifnull(json_extract(NEW.document, '$.login_name'), '') || ' ' || ifnull(json_extract(NEW.document, '$.staff_id'), '') || ' ' || ifnull(json_extract(NEW.document, '$.department'), ''), NEW.id FROM search_rows WHERE id = NEW.id;END;
CREATE TRIGGER users_search_update AFTER UPDATE OF document ON users BEGIN INSERT OR IGNORE INTO search_rows (id) VALUES (NEW.id);INSERT OR REPLACE INTO users_search (rowid, name, text, id) SELECT number, ifnull(json_extract(NEW.document, '$.name'), ''), NEW.id || ' ' || ifnull(json_extract(NEW.document, '$.email'), '') || ' ' || ifnull(json_extract(NEW.document, '$.nickname'), '') || ' ' || ifnull(json_extract(NEW.document, '$.login_name'), '') || ' ' || ifnull(json_extract(NEW.document, '$.staff_id'), '') || ' ' || ifnull(json_extract(NEW.document, '$.department'), ''), NEW.id FROM search_rows WHERE id = NEW.id;END;
CREATE TRIGGER users_search_delete AFTER DELETE ON users BEGIN DELETE FROM users_search WHERE rowid = (SELECT number FROM search_rows WHERE id = OLD.id);DELETE FROM search_rows WHERE id = OLD.id; END;
CREATE TRIGGER domains_search_insert AFTER INSERT ON domains BEGIN INSERT OR IGNORE INTO search_rows (id) VALUES (NEW.id);INSERT OR REPLACE INTO domains_search (rowid, name, text, id) SELECT number, ifnull(json_extract(NEW.document, '$.name'), ''), NEW.id || ' ' || ifnull(json_extract(NEW.document, '$.domain'), '') || ' ' || ifnull(json_extract(NEW.document, '$.description'), ''), NEW.id FROM search_rows WHERE id = NEW.id;END;
CREATE TRIGGER domains_search_update AFTER UPDATE OF document ON domains BEGIN INSERT OR IGNORE INTO search_rows (id) VALUES (NEW.id);INSERT OR REPLACE INTO domains_search (rowid, name, text, id) SELECT number, ifnull(json_extract(NEW.document, '$.name'), ''), NEW.id || ' ' || ifnull(json_extract(NEW.document, '$.domain'), '') || ' ' || ifnull(json_extract(NEW.document, '$.description'), ''), NEW.id FROM search_rows WHERE id = NEW.id;END;
CREATE TRIGGER domains_search_delete AFTER DELETE ON domains BEGIN DELETE FROM domains_search WHERE rowid = (SELECT number FROM search_rows WHERE id = OLD.id);DELETE FROM search_rows WHERE id = OLD.id; END;
CREATE TRIGGER oauth_apps_search_insert AFTER INSERT ON oauth_apps BEGIN INSERT OR IGNORE INTO search_rows (id) VALUES (NEW.id);INSERT OR REPLACE INTO oauth_apps_search (rowid, name, text, id) SELECT number, ifnull(json_extract(NEW.document, '$.name'), ''), NEW.id || ' ' || ifnull(json_extract(NEW.document, '$.redirect_uri'), '') || ' ' || ifnull(json_extract(NEW.document, '$.uid'), ''), NEW.id FROM search_rows WHERE id = NEW.id;END;
CREATE TRIGGER oauth_apps_search_update AFTER UPDATE OF document ON oauth_apps BEGIN INSERT OR IGNORE INTO search_rows (id) VALUES (NEW.id);INSERT OR REPLACE INTO oauth_apps_search (rowid, name, text, id) SELECT number, ifnull(json_extract(NEW.document, '$.name'), ''), NEW.id || ' ' || ifnull(json_extract(NEW.document, '$.redirect_uri'), '') || ' ' || ifnull(json_extract(NEW.document, '$.uid'), ''), NEW.id FROM search_rows WHERE id = NEW.id;END;
CREATE TRIGGER oauth_apps_search_delete AFTER DELETE ON oauth_apps BEGIN DELETE FROM oauth_apps_search WHERE rowid = (SELECT number FROM search_rows WHERE id = OLD.id);DELETE FROM search_rows WHERE id = OLD.id; END;
CREATE TRIGGER user_groups_search_insert AFTER INSERT ON user_groups BEGIN INSERT OR IGNORE INTO search_rows (id) VALUES (NEW.id);INSERT OR REPLACE INTO user_groups_search (rowid, name, text, id) SELECT number, ifnull(json_extract(NEW.document, '$.name'), ''), NEW.id || ' ' || ifnull(json_extract(NEW.document, '$.description'), ''), NEW.id FROM search_rows WHERE id = NEW.id;END;
CREATE TRIGGER user_groups_search_update AFTER UPDATE OF document ON user_groups BEGIN INSERT OR IGNORE INTO search_rows (id) VALUES (NEW.id);INSERT OR REPLACE INTO user_groups_search (rowid, name, text, id) SELECT number, ifnull(json_extract(NEW.document, '$.name'), ''), NEW.id || ' ' || ifnull(json_extract(NEW.document, '$.description'), ''), NEW.id FROM search_rows WHERE id = NEW.id;END;
CREATE TRIGGER user_groups_search_delete AFTER DELETE ON user_groups BEGIN DELETE FROM user_groups_search WHERE rowid = (SELECT number FROM search_rows WHERE id = OLD.id);DELETE FROM search_rows WHERE id = OLD.id; END;
CREATE TRIGGER api_keys_authority AFTER INSERT ON api_keys BEGIN
  UPDATE api_keys SET authority_id = (SELECT authority_id FROM users WHERE id = NEW.user_id)
  WHERE id = NEW.id;
END;
CREATE TRIGGER api_keys_search_insert AFTER INSERT ON api_keys BEGIN INSERT OR IGNORE INTO search_rows (id) VALUES (NEW.id);INSERT OR REPLACE INTO api_keys_search (rowid, name, text, id) SELECT number, ifnull(json_extract(NEW.document, '$.name'), ''), NEW.id || ' ' || ifnull(json_extract(NEW.document, '$.description'), ''), NEW.id FROM search_rows WHERE id = NEW.id;END;
CREATE TRIGGER api_keys_search_update AFTER UPDATE OF document ON api_keys BEGIN INSERT OR IGNORE INTO search_rows (id) VALUES (NEW.id);INSERT OR REPLACE INTO api_keys_search (rowid, name, text, id) SELECT number, ifnull(json_extract(NEW.document, '$.name'), ''), NEW.id || ' ' || ifnull(json_extract(NEW.document, '$.description'), ''), NEW.id FROM search_rows WHERE id = NEW.id;END;
CREATE TRIGGER api_keys_search_delete AFTER DELETE ON api_keys BEGIN DELETE FROM api_keys_search WHERE rowid = (SELECT number FROM search_rows WHERE id = OLD.id);DELETE FROM search_rows WHERE id = OLD.id; END;
CREATE TRIGGER schemas_search_insert AFTER INSERT ON schemas BEGIN INSERT OR IGNORE INTO search_rows (id) VALUES (NEW.id);INSERT OR REPLACE INTO schemas_search (rowid, name, text, id) SELECT number, ifnull(json_extract(NEW.document, '$.name'), ''), NEW.id || ' ' || ifnull(json_extract(NEW.document, '$.description'), ''), NEW.id FROM search_rows WHERE id = NEW.id;END;
CREATE TRIGGER schemas_search_update AFTER UPDATE OF document ON schemas BEGIN INSERT OR IGNORE INTO search_rows (id) VALUES (NEW.id);INSERT OR REPLACE INTO schemas_search (rowid, name, text, id) SELECT number, ifnull(json_extract(NEW.document, '$.name'), ''), NEW.id || ' ' || ifnull(json_extract(NEW.document, '$.description'), ''), NEW.id FROM search_rows WHERE id = NEW.id;END;
CREATE TRIGGER schemas_search_delete AFTER DELETE ON schemas BEGIN DELETE FROM schemas_search WHERE rowid = (SELECT number FROM search_rows WHERE id = OLD.id);DELETE FROM search_rows WHERE id = OLD.id; END;
CREATE TRIGGER drivers_search_modules_insert AFTER INSERT ON drivers BEGIN
  UPDATE modules SET document = document WHERE driver_id = NEW.id;
END;
CREATE TRIGGER drivers_search_modules_update AFTER UPDATE OF document ON drivers
WHEN json_extract(OLD.document, '$.name', '$.description', '$.module_name') IS NOT
  json_extract(NEW.document, '$.name', '$.description', '$.module_name') BEGIN
  UPDATE modules SET document = document WHERE driver_id = NEW.id;
END;
UPDATE drivers SET document = document;
UPDATE systems SET document = document;
UPDATE zones SET document = document;
UPDATE modules SET document = document;
UPDATE settings SET document = document;
UPDATE users SET document = document;
UPDATE domains SET document = document;
UPDATE oauth_apps SET document = document;
UPDATE user_groups SET document = document;
UPDATE api_keys SET document = document;
UPDATE schemas SET document = document;
COMMIT;
