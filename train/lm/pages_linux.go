package lm

import (
	"os"
	"syscall"
	"unsafe"
)

// releasePages tells the kernel that a read part of a mapped file won't be
// needed again soon. Whole pages inside raw only: its neighbours are other
// tensors. A refusal costs memory, nothing else.
func releasePages(raw []byte) {
	page := uintptr(os.Getpagesize())
	start := uintptr(unsafe.Pointer(unsafe.SliceData(raw)))
	skip := (page - start%page) % page
	if uintptr(len(raw)) < skip+page {
		return
	}
	whole := raw[skip:]
	_ = syscall.Madvise(whole[:uintptr(len(whole))/page*page], syscall.MADV_DONTNEED)
}
