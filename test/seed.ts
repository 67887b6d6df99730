/**
 * Random tests draw the same each time, so that a change and not luck is what makes one fail. To draw anew:
 * `SEED=$RANDOM npm test`.
 */
import { configureGlobal } from 'fast-check'

configureGlobal({ seed: Number(process.env.SEED ?? 20_261_122) })
