"""Functions of complex numbers, defined on real and imaginary parts.

A definition takes the parts of its arguments one after the other and returns the pair of parts of a complex result,
or one real result. It is a kernel that is read where the function is called, so that its derivatives of every order
follow from those of real functions. So at every point each branch must be the function itself in a neighbourhood, not
only its value there: on a branch cut, and on the axes, the derivative is that of the side whose value is taken.

Values follow NumPy's, with the branch cuts and signed zeros of the C standard (C11, annex G).
"""
