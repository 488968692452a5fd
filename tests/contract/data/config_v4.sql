-- A configuration database as version 4 of its schema wrote it, from one of version 3. Made by sqlite3 .dump; never edited.
PRAGMA application_id=1114985314;
PRAGMA user_version=4;
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
  name TEXT NOT NULL UNIQUE,
  user_id TEXT NOT NULL REFERENCES users (id) DEFERRABLE INITIALLY DEFERRED,
  secret_hash TEXT NOT NULL UNIQUE,
  revision INTEGER NOT NULL,
  document TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO api_keys VALUES('key-01J9ZQ4X0N0000000000000001','key 1','user-01J9ZQ4X0N0000000000000001','0000000000000000000000000000000000000000000000000000000000000001',1,'{"id":"key-01J9ZQ4X0N0000000000000001","created_at":1795227732,"updated_at":1795227732,"revision":1,"name":"key 1","description":"for scripts","user_id":"user-01J9ZQ4X0N0000000000000001","secret_hash":"0000000000000000000000000000000000000000000000000000000000000001","permissions":1,"scopes":["public","control"],"expires_at":4000000000}');
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
COMMIT;
