import sharp from 'sharp'
import { expect, test } from 'vitest'
import { pictureKind, pictureSize } from '../../src/pictures/kind.ts'

const drawing = sharp({ create: { width: 40, height: 30, channels: 3, background: '#c33' } })
const size = (bytes: Buffer) => {
  const kind = pictureKind(bytes)
  return kind && pictureSize(bytes, kind)
}

test('a picture is known by its bytes', async () => {
  for (const kind of ['png', 'jpeg', 'gif', 'webp', 'avif'] as const)
    expect(pictureKind(await drawing.clone().toFormat(kind).toBuffer())).toBe(kind)
  const svgs = [
    '<svg/>',
    '\uFEFF<?xml version="1.0"?>\n<!-- drawn by hand -->\n<!DOCTYPE svg>\n<svg xmlns="…">',
    '<x:svg>',
  ]
  expect(svgs.map((svg) => pictureKind(Buffer.from(svg)))).toEqual(['svg', 'svg', null])
  const others = [
    '',
    'GIF',
    '<html>',
    'text with <svg > in it',
    'RIFF1234AVI ',
    '\0\0\0\x18ftypheic',
    '%PDF-1.7',
  ]
  expect(others.map((other) => pictureKind(Buffer.from(other)))).toEqual(others.map(() => null))
})

test('its size is read from its head, the right way up', async () => {
  const jpeg = (orientation: number) =>
    drawing.clone().withMetadata({ orientation }).jpeg({ progressive: true })
  expect(size(await drawing.clone().png().toBuffer())).toEqual({ width: 40, height: 30 })
  expect(size(await drawing.clone().gif().toBuffer())).toEqual({ width: 40, height: 30 })
  expect(size(await drawing.clone().jpeg().toBuffer())).toEqual({ width: 40, height: 30 })
  expect(size(await jpeg(3).toBuffer())).toEqual({ width: 40, height: 30 })
  expect(size(await jpeg(6).toBuffer())).toEqual({ width: 30, height: 40 })
})

test('a head that is cut off anywhere, or says nothing sensible, has no size and does no harm', async () => {
  for (const kind of ['png', 'gif', 'jpeg'] as const) {
    const whole = await drawing.clone().withMetadata({ orientation: 6 }).toFormat(kind).toBuffer()
    for (let length = 12; length < whole.length; length++) pictureSize(whole.subarray(0, length), kind)
    expect(pictureSize(whole.subarray(0, 12), kind)).toBeNull()
    for (let at = 3; at < Math.min(whole.length, 200); at++) {
      const broken = Buffer.from(whole)
      broken[at] = 255
      pictureSize(broken, kind)
    }
  }
  expect(pictureSize(Buffer.concat([Buffer.from('GIF89a'), Buffer.alloc(20)]), 'gif')).toBeNull()
})
