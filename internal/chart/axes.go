package chart

// A box is a part of the drawing, in pixels.
type box struct{ left, top, right, bottom float64 }

// ticksFor is how many ticks so many pixels have place for.
func ticksFor(pixels float64) int { return max(2, int(pixels/70)) }

// across draws the horizontal axis of a box, below it.
func (c *canvas) across(b box, s scale, a Axis) {
	ticks, label := s.ticks(ticksFor(b.right - b.left))
	for _, v := range ticks {
		x := s.at(v)
		c.line(x, b.top, x, b.bottom, "grid")
		c.text(x, b.bottom+14, label(v), c.width, class("t-tick"), attr{"text-anchor", "middle"})
	}
	c.zero(a, s, func(x float64) { c.line(x, b.top, x, b.bottom, "zero") })
	c.line(b.left, b.bottom, b.right, b.bottom, "axis")
	c.text((b.left+b.right)/2, b.bottom+31, a.Label, c.width, class("t-axis"), attr{"text-anchor", "middle"})
}

// acrossHeight is what the horizontal axis needs below its box.
const acrossHeight = 38

// upwards draws the vertical axis of a box, left of it, its name above.
func (c *canvas) upwards(b box, s scale, a Axis) {
	ticks, label := s.ticks(max(2, int((b.bottom-b.top)/45)))
	for _, v := range ticks {
		y := s.at(v)
		c.line(b.left, y, b.right, y, "grid")
		c.text(b.left-6, y+4, label(v), c.width, class("t-tick"), attr{"text-anchor", "end"})
	}
	c.zero(a, s, func(y float64) { c.line(b.left, y, b.right, y, "zero") })
	c.text(max(0, b.left-30), b.top-9, a.Label, c.width, class("t-axis"))
}

func (c *canvas) zero(a Axis, s scale, draw func(at float64)) {
	if a.Zero && s.low <= 0 && s.high >= 0 {
		draw(s.at(0))
	}
}

// A key is an entry of a legend.
type key struct {
	label string
	draw  func(x, y float64) // a sample around x, y
}

// sampleWidth is what the sample of a key takes.
const sampleWidth = 26

// legend draws keys in lines, and makes the drawing higher by them.
func (c *canvas) legend(keys []key) {
	x := 0.0
	for i, k := range keys {
		room := min(textWidth(k.label), c.width-sampleWidth-4)
		if i > 0 && x+sampleWidth+room > c.width {
			x = 0
			c.height += lineHeight
		}
		k.draw(x+sampleWidth/2-3, c.height+lineHeight/2)
		c.text(x+sampleWidth, c.height+lineHeight/2+4, k.label, room+1, class("t-key"))
		x += sampleWidth + room + 16
	}
	if len(keys) > 0 {
		c.height += lineHeight + 8
	}
}
