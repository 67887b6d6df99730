/**
 * A mail server that takes everything, as fast as it can, in a process of its own: `fork` it, and it sends its port.
 * Sent `"count"`, it answers with how many messages it has; sent `"times"`, with when the last byte
 * of each was here, in milliseconds since 1970.
 */
import { type AddressInfo, createServer, type Socket } from 'node:net'

const times: number[] = []
let count = 0

const server = createServer({ noDelay: true }, (socket: Socket) => {
  let rest = ''
  let inData = false
  socket.setEncoding('latin1')
  socket.on('error', () => {})
  socket.on('data', (text: string) => {
    rest += text
    let replies = ''
    for (;;) {
      const end = rest.indexOf(inData ? '\r\n.\r\n' : '\r\n')
      if (end < 0) break
      const line = inData ? '.' : rest.slice(0, end)
      rest = rest.slice(end + (inData ? 5 : 2))
      replies += answer(line)
    }
    if (replies !== '') socket.write(replies)
  })

  function answer(line: string): string {
    if (inData) {
      inData = false
      count++
      times.push(performance.timeOrigin + performance.now())
      return '250 2.0.0 kept\r\n'
    }
    switch (line.slice(0, 4).toUpperCase()) {
      case 'EHLO':
        return '250-sink.example\r\n250 PIPELINING\r\n'
      case 'DATA':
        inData = true
        return '354 go ahead\r\n'
      case 'QUIT':
        socket.end('221 2.0.0 bye\r\n')
        return ''
      default:
        return '250 2.0.0 ok\r\n'
    }
  }
  socket.write('220 sink.example ESMTP\r\n')
})
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }))

process.on('message', (question) => process.send?.(question === 'times' ? { times } : { count }))
process.on('disconnect', () => process.exit())
