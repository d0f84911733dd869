export type UnitOptions = {
  /** The folder of the host, absolute. */
  readonly root: string
  /** What systemd runs, such as `['/usr/bin/node', '/srv/shop/node_modules/.bin/sankofa', 'host']`; the first absolute. */
  readonly command: readonly string[]
  readonly user: string
  /** Read by systemd as its own user, so it may be 0600 of root: DATABASE_URL and the like. */
  readonly environmentFile?: string
  /** The public port, such as 80: systemd opens it, so no process of ours needs to be root. */
  readonly port: number
}

export type Units = { readonly 'sankofa-host.service': string; readonly 'sankofa-host.socket': string }

/**
 * The two units of a host. The socket is systemd's, so no connection is refused while the keeper or the gateway is
 * restarted; the service's processes outlive its restart, and the next keeper adopts them.
 */
export function systemdUnits(options: UnitOptions): Units {
  const { root, command, user, environmentFile, port } = options
  return {
    'sankofa-host.service': `[Unit]
Description=Sankofa host: keeps the releases and the gateway of ${specifierSafe(root)}
Documentation=man:systemd.service(5)
Requires=sankofa-host.socket
After=network-online.target sankofa-host.socket
Wants=network-online.target
# Restarted without end: a host that gives up serves nobody.
StartLimitIntervalSec=0

[Service]
Type=exec
User=${user}
ExecStart=${command.map(quoted).join(' ')}
WorkingDirectory=${specifierSafe(root)}
${environmentFile === undefined ? '' : `EnvironmentFile=${specifierSafe(environmentFile)}\n`}Restart=always
RestartSec=1
# Only the keeper is stopped: releases and gateway live on, and the next keeper adopts them.
KillMode=process
KillSignal=SIGTERM
# Longer than a release may take to finish its requests (30 s) and to end.
TimeoutStopSec=90
OOMPolicy=continue
LimitNOFILE=65536
UMask=0077
# No MemoryDenyWriteExecute and no SystemCallFilter: the first stops V8's compiler, the second what a release may need.
NoNewPrivileges=yes
ProtectSystem=full
ReadWritePaths=${quoted(root)}
PrivateDevices=yes
ProtectControlGroups=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectClock=yes
ProtectHostname=yes
RestrictSUIDSGID=yes
RestrictNamespaces=yes
RestrictRealtime=yes
LockPersonality=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
CapabilityBoundingSet=

[Install]
WantedBy=multi-user.target
`,
    'sankofa-host.socket': `[Unit]
Description=Public socket of the Sankofa host of ${specifierSafe(root)}

[Socket]
ListenStream=${port}
# As many as Node asks for: they wait here while the gateway is restarted.
Backlog=511
NoDelay=yes
# Read by the keeper through LISTEN_FDS.
FileDescriptorName=sankofa

[Install]
WantedBy=sockets.target
`,
  }
}

/** In a unit `%` begins a specifier. */
const specifierSafe = (text: string): string => text.replaceAll('%', '%%')

/** One word of a command line or list: quotes, spaces and `$` would be read by systemd. */
const quoted = (word: string): string =>
  /^[\w@:,./=+-]+$/.test(word)
    ? word
    : `"${specifierSafe(word).replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('$', '$$$$')}"`
