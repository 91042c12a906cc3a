package lm

// A queue is a binary heap: pop takes the element that comes before all others.
// container/heap would box every element.
type queue[T ordered[T]] []T

// An ordered element knows whether it comes before another.
type ordered[T any] interface{ before(other T) bool }

func (q *queue[T]) push(element T) {
	*q = append(*q, element)
	heap := *q
	for i := len(heap) - 1; i > 0; {
		parent := (i - 1) / 2
		if !heap[i].before(heap[parent]) {
			return
		}
		heap[i], heap[parent] = heap[parent], heap[i]
		i = parent
	}
}

func (q *queue[T]) pop() T {
	heap := *q
	top, n := heap[0], len(heap)-1
	heap[0] = heap[n]
	heap = heap[:n]
	for i := 0; ; {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < n; child++ {
			if heap[child].before(heap[least]) {
				least = child
			}
		}
		if least == i {
			break
		}
		heap[i], heap[least] = heap[least], heap[i]
		i = least
	}
	*q = heap
	return top
}
