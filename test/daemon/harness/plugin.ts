import { readFile, realpath } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import { pack } from 'tar-stream'
import { librariesOf } from './image.ts'

/** Its program: in perl, for that is on every Debian, and needs no module to listen on a socket of the file system. */
const PERL = '/usr/bin/perl'

/** A volume driver that knows its volumes by name and keeps nothing in them (docs.docker.com, "Docker volume plugins"). */
const SERVER = `
$SIG{TERM} = sub { exit 0 };
my $path = '/run/docker/plugins/volumes.sock';
unlink $path;
my $server;
socket($server, 1, 1, 0) && bind($server, pack('S a108', 1, $path)) && listen($server, 16) or die "$path: $!";
my %volumes;
my %answers = (
  'Plugin.Activate' => sub { '"Implements":["VolumeDriver"]' },
  'VolumeDriver.Capabilities' => sub { '"Capabilities":{"Scope":"local"}' },
  'VolumeDriver.Create' => sub { $volumes{$_[0]} = 1; '"Err":""' },
  'VolumeDriver.Remove' => sub { delete $volumes{$_[0]}; '"Err":""' },
  'VolumeDriver.Get' => sub { $volumes{$_[0]} ? qq("Volume":{"Name":"$_[0]","Status":{"said":"$ENV{GREETING}"}}) : '"Err":"no such volume"' },
  'VolumeDriver.List' => sub { '"Volumes":[' . join(',', map { qq({"Name":"$_"}) } keys %volumes) . ']' },
);
while (accept(my $client, $server)) {
  my ($call, $length) = ('', 0);
  while (my $line = <$client>) {
    $call = $1 if $line =~ m{^POST /(\\S+)};
    $length = $1 if $line =~ /^content-length: (\\d+)/i;
    last if $line =~ /^\\r?\\n$/;
  }
  read($client, my $body, $length) if $length;
  my ($name) = ($body // '') =~ /"Name":"([^"]*)"/;
  my $answer = $answers{$call} ? '{' . $answers{$call}->($name) . '}' : '{"Err":"no such call"}';
  print $client "HTTP/1.1 200 OK\\r\\nConnection: close\\r\\nContent-Length: ", length($answer), "\\r\\n\\r\\n$answer";
  close $client;
}
`

export interface PluginOptions {
  readonly description: string
  /** @defaultValue its own program, which works */
  readonly entrypoint?: readonly string[]
}

/** A managed plugin, as a tar for `POST /plugins/create`: a volume driver with one setting, GREETING. */
export async function pluginTar({ description, entrypoint = [PERL, '/serve.pl'] }: PluginOptions): Promise<Buffer> {
  const config = {
    description,
    documentation: 'none',
    entrypoint,
    interface: { types: ['docker.volumedriver/1.0'], socket: 'volumes.sock' },
    network: { type: 'none' },
    linux: { capabilities: ['CAP_SYS_ADMIN'] },
    env: [{ name: 'GREETING', description: 'what it says', settable: ['value'], value: 'hello' }],
  }
  const tar = pack()
  tar.entry({ name: 'config.json' }, JSON.stringify(config))
  for (const name of ['rootfs', 'rootfs/run/docker/plugins']) tar.entry({ name, type: 'directory', mode: 0o755 })
  // Two plugins of the same files are one too many for the daemon: it fails, for the content is there.
  tar.entry({ name: 'rootfs/description' }, description)
  tar.entry({ name: 'rootfs/serve.pl' }, SERVER)
  for (const file of [PERL, ...librariesOf(PERL)]) {
    tar.entry({ name: `rootfs${file}`, mode: 0o755 }, await readFile(await realpath(file)))
  }
  tar.finalize()
  return buffer(tar)
}
