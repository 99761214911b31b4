"""Does what a user of Docker's SDK for Python does, and prints how each step ended: 'ok', or the status of the refusal."""
import io
import json
import sys
import tarfile

import docker

image, marker = sys.argv[1:]
client = docker.from_env(timeout=60)
api = client.api
outcomes = {}


def step(name):
    def run(work):
        try:
            outcomes[name] = 'ok' if (result := work()) is None else result
        except docker.errors.APIError as error:
            outcomes[name] = f'refused {error.status_code}'
        except Exception as error:
            outcomes[name] = f'{type(error).__name__}'
    return run


def name(kind):
    return f'{marker}-{kind}'


def archive():
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode='w') as tar:
        info = tarfile.TarInfo('data')
        info.size = 100_000
        tar.addfile(info, io.BytesIO(b'x' * info.size))
    return buffer.getvalue()


step('ping')(lambda: str(client.ping()))
step('version')(lambda: client.version()['Os'])
step('info')(lambda: client.info()['OSType'])
step('networks.create')(lambda: client.networks.create(name('net')) and None)
step('volumes.create')(lambda: client.volumes.create(name('vol')).name.replace(marker, ''))
container = client.containers.run(
    image, 'sh -c "echo begun; cat; sleep 300"', detach=True, name=name('web'), network=name('net'), stdin_open=True,
    volumes={name('vol'): {'bind': '/data'}}, labels={'marker': marker}, **json.loads(sys.stdin.readline()))
step('exec')(lambda: str(container.exec_run('echo done', demux=True)[1]))
step('exec exit code')(lambda: container.exec_run('false').exit_code)
step('exec socket')(lambda: container.exec_run('cat', stdin=True, socket=True)[1].close())
step('put_archive')(lambda: str(container.put_archive('/data', archive())))
step('get_archive')(lambda: len(b''.join(container.get_archive('/data/data')[0])) > 100_000)
step('logs')(lambda: container.logs(tail=1).decode())
step('logs stream')(lambda: next(container.logs(stream=True)).decode())
step('stats')(lambda: 'memory_stats' in container.stats(stream=False))
step('top')(lambda: len(container.top()['Processes']) > 0)
step('pause')(lambda: container.pause())
step('unpause')(lambda: container.unpause())
step('update')(lambda: container.update(mem_limit='300m', memswap_limit='300m') and None)
step('diff')(lambda: isinstance(container.diff(), list))
step('resize')(lambda: container.resize(24, 80))
step('attach socket')(lambda: container.attach_socket(params={'stdin': 1, 'stream': 1}).close())
step('list')(lambda: len(client.containers.list(filters={'label': f'marker={marker}'})))
step('rename')(lambda: container.rename(name('web2')))
step('commit')(lambda: container.commit(f'{marker}', 'a').tags[0].replace(marker, ''))
step('image save')(lambda: len(b''.join(client.images.get(f'{marker}:a').save())) > 10_000)
step('image load')(lambda: len(client.images.load(b''.join(client.images.get(f'{marker}:a').save(named=True)))))
step('image tag')(lambda: client.images.get(f'{marker}:a').tag(marker, 'b'))
step('image history')(lambda: len(client.images.get(f'{marker}:a').history()) > 0)
step('image list')(lambda: len(client.images.list(name=marker)))
step('build')(lambda: client.images.build(
    fileobj=io.BytesIO(f'FROM {image}\nRUN echo built > /built\n'.encode()), tag=f'{marker}:c', rm=True)[0].tags[0].replace(marker, ''))
step('image remove')(lambda: [client.images.remove(f'{marker}:{tag}', force=True) for tag in 'abc'] and None)
step('disconnect')(lambda: client.networks.get(name('net')).disconnect(container))
step('stop')(lambda: container.stop(timeout=0))
step('wait')(lambda: container.wait()['StatusCode'] > 0)
step('start')(lambda: container.start())
step('kill')(lambda: container.kill())
step('events')(lambda: len(list(client.events(since=1, until=2))))
step('remove')(lambda: container.remove(v=True, force=True))
step('network remove')(lambda: client.networks.get(name('net')).remove())
step('volume remove')(lambda: client.volumes.get(name('vol')).remove())
step('df')(lambda: 'LayersSize' in client.df())
# What leads to the host.
step('privileged')(lambda: api.create_container(image, host_config=api.create_host_config(privileged=True)) and None)
step('host path')(lambda: api.create_container(image, host_config=api.create_host_config(binds=['/:/host'])) and None)
step('host network')(lambda: api.create_container(image, host_config=api.create_host_config(network_mode='host')) and None)
step("swarm")(lambda: client.swarm.leave(force=True) and None)
print(json.dumps(outcomes))
