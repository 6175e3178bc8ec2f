"""Matrices of 3 x 3 for colours, in processes that don't load numpy."""

from collections.abc import Iterable

Vector = tuple[float, float, float]
Matrix = tuple[Vector, Vector, Vector]  # of rows


def apply(matrix: Matrix, vector: Vector) -> Vector:
    """Return matrix times vector."""
    x, y, z = (sum(row[at] * vector[at] for at in range(3)) for row in matrix)
    return x, y, z


def multiply(first: Matrix, second: Matrix) -> Matrix:
    """Return first times second."""
    return transpose(_of_vectors(apply(first, column) for column in transpose(second)))


def transpose(matrix: Matrix) -> Matrix:
    """Return the matrix with rows and columns swapped."""
    return _of_vectors(zip(*matrix, strict=True))


def build_diagonal(vector: Vector) -> Matrix:
    """Return the matrix that scales by these factors."""
    x, y, z = vector
    return (x, 0.0, 0.0), (0.0, y, 0.0), (0.0, 0.0, z)


def invert(matrix: Matrix) -> Matrix:
    """Return the inverse. Raise ZeroDivisionError if there is none."""
    first, second, third = matrix
    columns = (
        _multiply_cross(second, third),
        _multiply_cross(third, first),
        _multiply_cross(first, second),
    )
    determinant = sum(first[at] * columns[0][at] for at in range(3))
    return transpose(_of_vectors(tuple(value / determinant for value in column) for column in columns))


def _multiply_cross(one: Vector, other: Vector) -> Vector:
    return (
        one[1] * other[2] - one[2] * other[1],
        one[2] * other[0] - one[0] * other[2],
        one[0] * other[1] - one[1] * other[0],
    )


def _of_vectors(vectors: Iterable[Iterable[float]]) -> Matrix:
    first, second, third = (_of_numbers(vector) for vector in vectors)
    return first, second, third


def _of_numbers(numbers: Iterable[float]) -> Vector:
    x, y, z = numbers
    return x, y, z
