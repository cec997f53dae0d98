// One libutp connection, told by arguments what to do and telling in JSON, one event a line. Ends when its standard input does.
//   node libutp.js listen [OPTIONS]         {"event":"listening","port":N}, then the same events as
//   node libutp.js dial PORT [OPTIONS]      {"event":"connected"}, "sent", "received" (the remote's end), "closed" (with the error, if it was one)
// --send N      sends N bytes, then its end          --seed N   which bytes (default 1)
// --chunk N     in writes of N bytes (default 65536) --unhashed the same block again and again, for speed
// --after-end   sends only when the remote has ended: half close
// --keep        sends no end
// --destroy N   closes without more ado once N bytes are here
'use strict'
const crypto = require('crypto')
const { parseArgs } = require('util')
const utp = require('utp-native')

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    send: { type: 'string', default: '0' },
    seed: { type: 'string', default: '1' },
    chunk: { type: 'string', default: '65536' },
    destroy: { type: 'string', default: '0' },
    unhashed: { type: 'boolean', default: false },
    'after-end': { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false }
  }
})

function tell (event, more) {
  process.stdout.write(JSON.stringify({ event, ...more }) + '\n')
}

// Bytes that look random and depend on the seed alone.
function content (seed) {
  const key = crypto.createHash('sha256').update(seed).digest().subarray(0, 16)
  const cipher = crypto.createCipheriv('aes-128-ctr', key, Buffer.alloc(16))
  return length => cipher.update(Buffer.alloc(length))
}

function send (socket) {
  const total = Number(options.send)
  const chunk = Number(options.chunk)
  const block = Buffer.alloc(chunk, 0x5a)
  const next = content(options.seed)
  const hash = crypto.createHash('sha256')
  let sent = 0
  const more = () => {
    if (sent < total) {
      const length = Math.min(chunk, total - sent)
      const bytes = options.unhashed ? block.subarray(0, length) : next(length)
      if (!options.unhashed) hash.update(bytes)
      sent += length
      socket.write(bytes, more)
      return
    }
    tell('sent', { bytes: sent, sha256: hash.digest('hex') })
    if (!options.keep) socket.end()
  }
  more()
}

function serve (socket) {
  const hash = crypto.createHash('sha256')
  let received = 0
  let failure = null
  socket.on('data', bytes => {
    received += bytes.length
    if (!options.unhashed) hash.update(bytes)
    if (Number(options.destroy) > 0 && received >= Number(options.destroy)) socket.destroy()
  })
  socket.on('end', () => {
    tell('received', { bytes: received, sha256: hash.digest('hex') })
    if (options['after-end']) send(socket)
  })
  socket.on('error', error => { failure = error.code })
  socket.on('close', () => tell('closed', { error: failure, bytes: received }))
  if (!options['after-end']) send(socket)
}

process.stdin.on('end', () => process.exit(0)).resume()
if (positionals[0] === 'listen') {
  const server = utp.createServer(socket => {
    tell('connected')
    serve(socket)
  })
  server.listen(0, '127.0.0.1', () => tell('listening', { port: server.address().port }))
} else {
  const socket = utp.connect(Number(positionals[1]), '127.0.0.1')
  socket.on('connect', () => tell('connected'))
  serve(socket)
}
