-- Fills a new database from two files of the working directory: clients.json, a list of clients with the members of
-- RFC 7591 §2, and plugin.json, the parameters of the OpenID Connect plugin.
PRAGMA synchronous = OFF;
BEGIN;

-- The schema and the modules of the Debian package.
.read /usr/share/dbconfig-common/data/glewlwyd/install/sqlite3

INSERT INTO g_plugin_module_instance (gpmi_module, gpmi_name, gpmi_parameters)
VALUES ('oidc', 'oidc', CAST(readfile('plugin.json') AS TEXT));

INSERT INTO g_scope (gs_name) VALUES ('orders:read'), ('orders:write'), ('introspection');
INSERT INTO g_client_scope (gcs_name) VALUES ('orders:read'), ('orders:write'), ('introspection');

INSERT INTO g_client (gc_client_id, gc_confidential)
SELECT value ->> 'client_id', 1 FROM json_each(CAST(readfile('clients.json') AS TEXT));

INSERT INTO g_client_scope_client (gc_id, gcs_id)
SELECT gc_id, gcs_id FROM g_client, g_client_scope;

INSERT INTO g_client_property (gc_id, gcp_name, gcp_value)
SELECT gc_id, 'authorization_type', 'client_credentials' FROM g_client;

INSERT INTO g_client_property (gc_id, gcp_name, gcp_value)
SELECT gc_id, member.key, member.value
FROM json_each(CAST(readfile('clients.json') AS TEXT)) AS client, json_each(client.value) AS member, g_client
WHERE gc_client_id = client.value ->> 'client_id' AND member.key <> 'client_id';

COMMIT;
