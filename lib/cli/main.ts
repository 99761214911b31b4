#!/usr/bin/env node
import { METADATA_WORD, metadata } from './plugin/metadata.ts'

// The docker command asks this of each of its plugins, whenever it lists its commands: nothing else is loaded for it.
if (process.argv[2] === METADATA_WORD) process.stdout.write(metadata())
else void import('./start.ts').then(({ start }) => start())
