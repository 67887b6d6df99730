/** The commands of TeX that have a character, or nothing to say, in plain text. */

/** How a piece of a formula stands to what is around it. */
export type Kind = 'operand' | 'operator' | 'relation' | 'open' | 'close' | 'comma' | 'name' | 'big' | 'space'

function table(pairs: string): Map<string, string> {
  const words = pairs.trim().split(/\s+/)
  return new Map(words.flatMap((word, index) => (index % 2 === 0 ? [[word, words[index + 1] ?? '']] : [])))
}

export const SYMBOLS: [Kind, Map<string, string>][] = [
  [
    'operand',
    table(`
      alpha α beta β gamma γ delta δ epsilon ϵ varepsilon ε zeta ζ eta η theta θ vartheta ϑ iota ι kappa κ lambda λ mu μ
      nu ν xi ξ omicron ο pi π varpi ϖ rho ρ varrho ϱ sigma σ varsigma ς tau τ upsilon υ phi ϕ varphi φ chi χ psi ψ
      omega ω Gamma Γ Delta Δ Theta Θ Lambda Λ Xi Ξ Pi Π Sigma Σ Upsilon Υ Phi Φ Psi Ψ Omega Ω infty ∞ partial ∂
      nabla ∇ hbar ℏ ell ℓ Re ℜ Im ℑ aleph ℵ emptyset ∅ varnothing ∅ angle ∠ degree ° prime ′ top ⊤ bot ⊥ dagger †
      dots … ldots … cdots ⋯ vdots ⋮ ddots ⋱ square □ blacksquare ■ qed ∎ star ⋆ checkmark ✓ imath ı jmath ȷ
      forall ∀ exists ∃ nexists ∄ neg ¬ lnot ¬ % % $ $ # # & & _ _ backslash \\ triangle △ | ‖ vert | Vert ‖`),
  ],
  [
    'operator',
    table(`
      pm ± mp ∓ times × div ÷ cdot · ast * circ ∘ bullet • oplus ⊕ ominus ⊖ otimes ⊗ odot ⊙ cup ∪ cap ∩ setminus ∖
      wedge ∧ land ∧ vee ∨ lor ∨ bmod mod sqcup ⊔ sqcap ⊓ uplus ⊎`),
  ],
  [
    'relation',
    table(`
      ne ≠ neq ≠ le ≤ leq ≤ leqslant ≤ ge ≥ geq ≥ geqslant ≥ ll ≪ gg ≫ equiv ≡ approx ≈ sim ∼ simeq ≃ cong ≅ propto ∝
      in ∈ notin ∉ ni ∋ subset ⊂ subseteq ⊆ supset ⊃ supseteq ⊇ subsetneq ⊊ mid | nmid ∤ parallel ∥ perp ⊥ to →
      rightarrow → longrightarrow → gets ← leftarrow ← longleftarrow ← leftrightarrow ↔ Rightarrow ⇒ Longrightarrow ⇒
      implies ⇒ Leftarrow ⇐ impliedby ⇐ Leftrightarrow ⇔ iff ⇔ mapsto ↦ longmapsto ↦ uparrow ↑ downarrow ↓
      hookrightarrow ↪ rightharpoonup ⇀ rightleftharpoons ⇌ vdash ⊢ models ⊨ vDash ⊨ prec ≺ succ ≻ preceq ⪯ succeq ⪰
      coloneqq ≔ triangleq ≜ asymp ≍ therefore ∴ because ∵ lt < gt >`),
  ],
  ['open', table('{ { langle ⟨ lfloor ⌊ lceil ⌈ lbrace { lbrack [ lvert | lVert ‖')],
  ['close', table('} } rangle ⟩ rfloor ⌋ rceil ⌉ rbrace } rbrack ] rvert | rVert ‖')],
  [
    'big',
    table(`
      sum ∑ prod ∏ coprod ∐ int ∫ iint ∬ iiint ∭ oint ∮ bigcup ⋃ bigcap ⋂ bigoplus ⨁ bigotimes ⨂ bigvee ⋁ bigwedge ⋀`),
  ],
]

export const NAMES = new Set(
  'arccos arcsin arctan arg cos cosh cot coth csc deg det dim exp gcd hom inf ker lg lim liminf limsup ln log max min Pr sec sin sinh sup tan tanh'.split(
    ' ',
  ),
)

/** What says how large, how near or how numbered something is, and nothing more. */
export const SILENT = new Set(
  'displaystyle textstyle scriptstyle limits nolimits nonumber notag big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr Biggl Biggr bigm middle hline left right ! /'.split(
    ' ',
  ),
)
export const SPACES = new Set([
  ',',
  ';',
  ':',
  '>',
  ' ',
  '\n',
  'quad',
  'qquad',
  'enspace',
  'thinspace',
  'space',
])
export const PLAIN = new Set(
  'mathrm mathbf mathit mathsf mathtt mathcal mathscr mathfrak mathnormal boldsymbol bm pmb boxed operatorname operatorname* mathop mathbin mathrel mathord'.split(
    ' ',
  ),
)
export const WORDS = new Set('text textrm textbf textit texttt textsf textnormal mbox hbox'.split(' '))
export const ACCENTS = table(
  'hat \u0302 widehat \u0302 bar \u0304 overline \u0305 vec \u20D7 tilde \u0303 widetilde \u0303 dot \u0307 ddot \u0308 acute \u0301 grave \u0300 check \u030C breve \u0306 underline \u0332',
)
export const CHARACTERS: [Kind, string][] = [
  ['operator', '+-−*±×÷·'],
  ['relation', '=<>≠≤≥≈∈→⇒'],
  ['open', '(['],
  ['close', ')]'],
  ['comma', ',;:'],
]
export const BOARD = table('C ℂ H ℍ N ℕ P ℙ Q ℚ R ℝ Z ℤ')
export const VULGAR = table('1/2 ½ 1/3 ⅓ 2/3 ⅔ 1/4 ¼ 3/4 ¾ 1/5 ⅕ 1/6 ⅙ 1/8 ⅛ 3/8 ⅜ 5/8 ⅝ 7/8 ⅞')
export const FENCES = new Map([
  ['matrix', '[]'],
  ['smallmatrix', '[]'],
  ['array', '[]'],
  ['pmatrix', '()'],
  ['bmatrix', '[]'],
  ['Bmatrix', '{}'],
  ['vmatrix', '||'],
  ['Vmatrix', '‖‖'],
])
export const LINES =
  /^(?:equation|align|aligned|alignat|alignedat|gather|gathered|split|multline|eqnarray)\*?$/

export const SUPERSCRIPTS = scripts(
  '0123456789+−=()abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRTUVWβγδ′*°†⊤',
  '⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂᵝᵞᵟ′*°†ᵀ',
)
export const SUBSCRIPTS = scripts(
  '0123456789+−=()aehijklmnoprstuvxβγρφχ',
  '₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ',
)

function scripts(large: string, small: string): Map<string, string> {
  const smalls = [...small]
  return new Map([...large].map((character, index) => [character, smalls[index] ?? '']))
}
