package org.openapitools.jackson.nullable;

public class JsonNullable<T> {
    public T get() {
        return null;
    }

    public boolean isPresent() {
        return false;
    }
}
