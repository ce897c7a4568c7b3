"""Django with Django REST framework, after the documentation of both."""
