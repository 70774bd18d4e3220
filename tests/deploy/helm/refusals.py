"""What the chart refuses, and with which words. Values as in `--set-json`."""

# (values, what the message has in it)
REFUSED = [
    ({"replicas": 3}, ["additional properties 'replicas' not allowed"]),
    ({"services.Orders": {}}, ["'/services'", "'Orders' not allowed"]),
    ({"services.orders": {}}, ["'/services/orders'", "missing property 'database'"]),
    (
        {"services.orders": {"needs": ["user"], "database": {"name": "o", "user": "o"}}},
        ["services.orders needs services.user"],
    ),
    (
        {"services.topics": {"database": {"name": "o", "user": "o"}}},
        ["services.topics has a name that the chart's own jobs have"],
    ),
    (
        {"services.migrate_users": {"database": {"name": "o", "user": "o"}}},
        ["services.migrate_users has a name"],
    ),
    ({"services.users.needs": ["admin"]}, ["services.users", "leave needs and groups out"]),
    ({"services.users.replica": 3}, ["'/services/users'", "'replica' not allowed"]),
    ({"defaults.replicas": "three"}, ["'/defaults/replicas'", "want integer"]),
    ({"kafka.security": "tls"}, ["'/kafka/security'", "'sasl_ssl'"]),
    ({"kafka.brokers": []}, ["'/kafka/brokers'", "minItems"]),
    ({"kafka.brokers": ["kafka"]}, ["'/kafka/brokers/0'", "does not match pattern"]),
    ({"kafka.sasl.password": "hunter2"}, ["'/kafka/sasl'", "'password' not allowed"]),
    ({"postgresql.password": "hunter2"}, ["'/postgresql'", "'password' not allowed"]),
    ({"postgresql.options": {"password": "hunter2"}}, ["'/postgresql/options/password'"]),
    ({"postgresql.port": 70000}, ["'/postgresql/port'", "maximum"]),
    ({"image.digest": "latest"}, ["'/image/digest'"]),
    # Of the processes' configuration: what is not in config.proto, and what the
    # chart sets by other values.
    ({"config.log.level": "loud"}, ["'/config/log/level'", "'warning'"]),
    ({"config.drain_timeout": "1m"}, ["'/config'", "'drain_timeout' not allowed"]),
    ({"config.loops": 65}, ["'/config/loops'", "maximum"]),
    ({"services.users.config": {"http": {"port": 81}}}, ["'port' not allowed"]),
    ({"config.identity": {"key_secret": "hunter2"}}, ["'key_secret' not allowed"]),
    # What only all values together say.
    (
        {"defaults.drainSeconds": 20},
        ["terminationGracePeriodSeconds is 25", "take 25", "make it at least 30"],
    ),
    (
        {"services.admin.terminationGracePeriodSeconds": 15},
        ["services.admin.terminationGracePeriodSeconds is 15"],
    ),
    ({"services.users.enabled": False}, ["services.admin needs services.users"]),
    ({"defaults.enabled": False}, ["services: all are disabled"]),
    ({"kafka.security": "sasl_ssl"}, ["kafka.sasl.existingSecret"]),
    ({"kafka.tls.certSecret": "mine"}, ["kafka.security is plaintext", "ssl or sasl_ssl"]),
    (
        {"hooks.topics.kafka": {"security": "sasl_ssl"}},
        ["hooks.topics.kafka.sasl.existingSecret"],
    ),
    ({"identity.access": True}, ["identity.access needs identity.enabled"]),
    ({"identity.certificates.enabled": True}, ["needs identity.enabled"]),
    (
        {"identity.certificates.enabled": True, "identity.enabled": True},
        ["needs tls.grpc.enabled", "optional or required"],
    ),
    (
        {
            "identity.certificates.enabled": True, "identity.enabled": True,
            "tls.grpc.enabled": True, "probes.protocol": "http",
        },
        ["tls.grpc.clientCertificates to be optional or required"],
    ),
    ({"tls.grpc.enabled": True}, ["tls.grpc.enabled", "set probes.protocol to http"]),
    (
        {"tls.grpc.enabled": True, "tls.http.enabled": True},
        ["set probes.protocol to https"],
    ),
    ({"probes.protocol": "https"}, ["tls.http.enabled is false", "to http"]),
    (
        {"probes.protocol": "http", "tls.http.enabled": True},
        ["tls.http.enabled is true", "to https"],
    ),
    ({"tls.http.clientCertificates": "optional"}, ["tls.http.enabled is false"]),
    (
        {"tls.http.enabled": True, "identity.enabled": True},
        ["tls.http.enabled needs tls.grpc.enabled"],
    ),
    (
        {"tls.http": {"enabled": True, "clientCertificates": "required"}, "probes.protocol": "https"},
        ["probes show none", "optional"],
    ),
    (
        {
            "tls.http": {"enabled": True, "clientCertificates": "required"},
            "serviceMonitor.enabled": True,
        },
        ["Prometheus shows none", "optional"],
    ),
    ({"tls.grpc.clientCertificates": "always"}, ["'/tls/grpc/clientCertificates'", "'required'"]),
    ({"tls.key": "-----BEGIN"}, ["'/tls'", "'key' not allowed"]),
    ({"services.users.tls.secret": "mine"}, ["'/services/users/tls'", "'secret' not allowed"]),
    ({"config.grpc.tls.key_file": "/k"}, ["'key_file' not allowed"]),
    ({"config.remote_tls": {"ca_file": "/ca"}}, ["'remote_tls' not allowed"]),
    ({"postgresql.sslMode": "verify-full"}, ["postgresql.caSecret"]),
    (
        {"defaults.autoscaling": {"enabled": True, "minReplicas": 9}},
        ["minReplicas is 9, above maxReplicas, 6"],
    ),
    (
        {"defaults.autoscaling": {"enabled": True, "cpu": {"enabled": False}}},
        ["has nothing to go by"],
    ),
    ({"defaults.serviceAccount.create": False}, ["give the name"]),
]
